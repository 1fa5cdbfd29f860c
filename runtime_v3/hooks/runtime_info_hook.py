"""Puts where the run stands into the message hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS
from mmmigrate.runtime_v3.versions import framework_version

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class RuntimeInfoHook(Hook):
    """Records epoch, iteration and rates before each iteration, and the model's outputs and metrics after it."""

    priority = "VERY_HIGH"
    last_loop_stage: str | None = None

    def before_run(self, runner: Runner) -> None:
        runner.message_hub.update_info_dict(
            {
                "cfg": runner.cfg.pretty_text,
                "seed": runner.seed,
                "experiment_name": runner.experiment_name,
                "mmengine_version": framework_version(),
            }
        )
        self.last_loop_stage = None

    def before_train(self, runner: Runner) -> None:
        hub = runner.message_hub
        hub.update_info("loop_stage", "train")
        hub.update_info("epoch", runner.epoch)
        hub.update_info("iter", runner.iter)
        hub.update_info("max_epochs", runner.max_epochs)
        hub.update_info("max_iters", runner.max_iters)
        metainfo = getattr(runner.train_dataloader.dataset, "metainfo", None)
        if metainfo is not None:
            hub.update_info("dataset_meta", metainfo)

    def after_train(self, runner: Runner) -> None:
        runner.message_hub.pop_info("loop_stage")

    def before_train_epoch(self, runner: Runner) -> None:
        runner.message_hub.update_info("epoch", runner.epoch)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None) -> None:
        hub = runner.message_hub
        hub.update_info("iter", runner.iter)
        rates = runner.optim_wrapper.get_lr()
        if not isinstance(rates, dict):
            raise ArgumentTypeError(
                f"`runner.optim_wrapper.get_lr()` should return a dict of lists, got {type(rates).__name__}: the "
                "constructor of the optimizer must return an OptimWrapper or OptimWrapperDict"
            )
        for name, values in rates.items():
            hub.update_scalar(f"train/{name}", values[0])

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        if outputs:
            update = runner.message_hub.update_scalar
            for key, value in outputs.items():
                update(f"train/{key}", value)

    def before_val(self, runner: Runner) -> None:
        self.last_loop_stage = runner.message_hub.get_info("loop_stage")
        runner.message_hub.update_info("loop_stage", "val")

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        _record(runner, "val", metrics)

    def after_val(self, runner: Runner) -> None:
        if self.last_loop_stage == "train":
            runner.message_hub.update_info("loop_stage", self.last_loop_stage)
            self.last_loop_stage = None
        else:
            runner.message_hub.pop_info("loop_stage")

    def before_test(self, runner: Runner) -> None:
        runner.message_hub.update_info("loop_stage", "test")

    def after_test(self, runner: Runner) -> None:
        runner.message_hub.pop_info("loop_stage")

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        _record(runner, "test", metrics)


def _record(runner: Runner, mode: str, metrics: dict[str, Any] | None) -> None:
    for key, value in (metrics or {}).items():
        if _is_scalar(value):
            runner.message_hub.update_scalar(f"{mode}/{key}", value)
        else:
            runner.message_hub.update_info(f"{mode}/{key}", value)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, (int, float, np.number)):
        return True
    if isinstance(value, np.ndarray):
        return value.size == 1
    return isinstance(value, torch.Tensor) and value.numel() == 1
