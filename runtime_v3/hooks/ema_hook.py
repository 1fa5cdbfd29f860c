"""Validates and saves an average of the weights."""

from __future__ import annotations

import copy
import logging
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.model.wrappers import is_model_wrapper
from mmmigrate.runtime_v3.registry import HOOKS, MODELS
from mmmigrate.runtime_v3.sharding import gather_in_parts, is_sharded, part_weights

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class EMAHook(Hook):
    """Averages after every iteration; swaps the average in for validation, test and checkpoints.

    - `ema_type` and further arguments: the averaged model, see `ExponentialMovingAverage`.
    - `strict_load`: whether a checkpoint's average must fit exactly.
    - `begin_iter` or `begin_epoch`: until then the average is a copy of the weights.

    A checkpoint's `state_dict` holds the average, `ema_state_dict` the weights as they were trained.
    """

    priority = "NORMAL"

    def __init__(
        self,
        ema_type: str = "ExponentialMovingAverage",
        strict_load: bool = False,
        begin_iter: int = 0,
        begin_epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        if begin_iter != 0 and begin_epoch != 0:
            raise ArgumentValueError(f"EMAHook: set begin_iter={begin_iter} or begin_epoch={begin_epoch}, not both")
        if begin_iter < 0 or begin_epoch < 0:
            raise ArgumentValueError(
                f"EMAHook: begin_iter={begin_iter} and begin_epoch={begin_epoch} must not be negative"
            )
        self.strict_load = strict_load
        self.ema_cfg = {"type": ema_type, **kwargs}
        self.begin_iter = begin_iter
        self.begin_epoch = begin_epoch
        self.enabled_by_epoch = begin_epoch > 0
        self.src_model: Any = None
        self.ema_model: Any = None

    def before_run(self, runner: Runner) -> None:
        self.src_model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self.ema_model = MODELS.build(self.ema_cfg, default_args={"model": self.src_model})

    def before_train(self, runner: Runner) -> None:
        self.ema_model.forget_pairs()
        begin, unit, end = self.begin_iter, "iter", runner.max_iters
        if self.enabled_by_epoch:
            begin, unit, end = self.begin_epoch, "epoch", runner.max_epochs
        if begin > end:
            raise ArgumentValueError(f"EMAHook: begin_{unit}={begin} lies after the end of training, {end}")

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        if self._ema_started(runner):
            self.ema_model.update_parameters(self.src_model)
        else:
            source = self.src_model.state_dict()
            for key, averaged in self.ema_model.module.state_dict().items():
                averaged.copy_(source[key])

    def _ema_started(self, runner: Runner) -> bool:
        if self.enabled_by_epoch:
            return runner.epoch + 1 >= self.begin_epoch
        return runner.iter + 1 >= self.begin_iter

    def before_val_epoch(self, runner: Runner) -> None:
        self._swap_ema_parameters()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        self._swap_ema_parameters()

    def before_test_epoch(self, runner: Runner) -> None:
        self._swap_ema_parameters()

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        self._swap_ema_parameters()

    @torch.no_grad()
    def _swap_ema_parameters(self) -> None:
        gather_in_parts(self.src_model)
        models = (self.ema_model.module, self.src_model)
        averaged, source = (
            chain(model.parameters(), model.buffers()) if self.ema_model.update_buffers else model.parameters()
            for model in models
        )
        for own, other in zip(averaged, source):
            kept = own.clone()
            own.copy_(other)
            other.copy_(kept)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        from mmmigrate.runtime_v3.runner.checkpoint import weights_to_cpu

        averaged = self.ema_model.state_dict()
        checkpoint["ema_state_dict"] = weights_to_cpu(averaged) if is_sharded(self.src_model) else averaged
        self._swap_ema_state_dict(checkpoint)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        from mmmigrate.runtime_v3.runner.checkpoint import load_state_dict

        if "ema_state_dict" in checkpoint and runner._resume:
            self._swap_ema_state_dict(checkpoint)
            averaged = checkpoint["ema_state_dict"]
            if is_sharded(self.src_model):
                averaged = part_weights(averaged, self.ema_model)
            self.ema_model.load_state_dict(averaged, strict=self.strict_load)
            return
        if runner._resume:
            print_log(
                "There is no `ema_state_dict` in checkpoint. `EMAHook` will make a copy of `state_dict` as the initial "
                "`ema_state_dict`",
                "current",
                logging.WARNING,
            )
        weights = checkpoint.get("state_dict", checkpoint)
        load_state_dict(self.ema_model.module, copy.deepcopy(weights), strict=self.strict_load)

    def _swap_ema_state_dict(self, checkpoint: dict[str, Any]) -> None:
        """Exchanges the average and the weights in the parts of a checkpoint."""
        weights, averaged = checkpoint["state_dict"], checkpoint["ema_state_dict"]
        for key in averaged:
            if key.startswith("module."):
                own = key.removeprefix("module.")
                averaged[key], weights[own] = weights[own], averaged[key]
