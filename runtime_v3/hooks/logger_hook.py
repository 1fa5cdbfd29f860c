"""Writes the log lines and hands the numbers to the visualizer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mmmigrate.runtime_v3 import storage
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.hooks.out_dir import HasOutDir
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class LoggerHook(HasOutDir, Hook):
    """Logs every `interval` iterations, and after each validation and test.

    - `ignore_last`: whether the rest of an epoch that is shorter than `interval` goes unlogged.
    - `interval_exp_name`: iterations between two mentions of the experiment's name.
    - `out_dir`, `out_suffix`, `keep_local`: where log files with these endings are copied at the end of the run, and
      whether the originals stay.
    - `log_metric_by_epoch`: whether the step of a metric is the epoch or the iteration.
    """

    priority = "BELOW_NORMAL"

    def __init__(
        self,
        interval: int = 10,
        ignore_last: bool = True,
        interval_exp_name: int = 1000,
        out_dir: str | Path | None = None,
        out_suffix: Sequence[str] | str = (".json", ".log", ".py", "yaml"),
        keep_local: bool = True,
        file_client_args: dict[str, Any] | None = None,
        log_metric_by_epoch: bool = True,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        for name, value in (("interval", interval), ("interval_exp_name", interval_exp_name)):
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"LoggerHook: {name} must be an integer, got {value!r}")
            if value <= 0:
                raise ValueError(f"LoggerHook: {name} must be greater than 0, got {value}")
        for name, flag in (("ignore_last", ignore_last), ("keep_local", keep_local)):
            if not isinstance(flag, bool):
                raise TypeError(f"LoggerHook: {name} must be a boolean, got {flag!r}")
        if out_dir is not None and not isinstance(out_dir, (str, Path)):
            raise TypeError(f"LoggerHook: out_dir must be a str or Path object, got {out_dir!r}")
        if out_dir is None and file_client_args is not None:
            raise ValueError("LoggerHook: file_client_args is of no use without out_dir")
        if file_client_args is not None and backend_args is not None:
            raise ValueError(
                'LoggerHook: "file_client_args" and "backend_args" cannot be set at the same time: the first is the '
                "older name of the second"
            )
        if not isinstance(out_suffix, str) and not all(isinstance(suffix, str) for suffix in out_suffix):
            raise TypeError(f"LoggerHook: out_suffix should be a string or a sequence of strings, got {out_suffix!r}")
        self.interval = interval
        self.ignore_last = ignore_last
        self.interval_exp_name = interval_exp_name
        self.out_dir = None if out_dir is None else str(out_dir)
        self.out_suffix = out_suffix if isinstance(out_suffix, str) else tuple(out_suffix)
        self.keep_local = keep_local
        self.log_metric_by_epoch = log_metric_by_epoch
        self.file_client_args = file_client_args
        self.backend_args = backend_args if backend_args is not None else file_client_args
        self.json_log_path: str | None = None
        self._batches: int | None = None

    def before_run(self, runner: Runner) -> None:
        if self.out_dir is not None:
            self.out_dir = storage.join(self.out_dir, Path(runner.work_dir).name)
            runner.logger.info(f"Text logs will be saved to {self.out_dir} after the training process.")
        self.json_log_path = f"{runner.timestamp}.json"

    def before_train_epoch(self, runner: Runner) -> None:
        # The length of a loader takes 1 µs to ask for; it may change between epochs only.
        self._batches = len(runner.train_dataloader)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        if self._batches is None:
            self._batches = len(runner.train_dataloader)
        batches = self._batches
        last = batch_idx + 1 == batches
        if last or (runner.iter + 1) % self.interval_exp_name == 0:
            runner.logger.info(f"Exp name: {runner.experiment_name}")
        if (batch_idx + 1) % self.interval and not (last and (not self.ignore_last or batches <= self.interval)):
            return
        tag, line = runner.log_processor.get_log_after_iter(runner, batch_idx, "train")
        runner.logger.info(line)
        runner.visualizer.add_scalars(tag, step=runner.iter + 1, file_path=self.json_log_path)

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        self._log_batch(runner, batch_idx, "val")

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        self._log_batch(runner, batch_idx, "test")

    def _log_batch(self, runner: Runner, batch_idx: int, mode: str) -> None:
        if self.every_n_inner_iters(batch_idx, self.interval):
            runner.logger.info(runner.log_processor.get_log_after_iter(runner, batch_idx, mode)[1])

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        tag, line = runner.log_processor.get_log_after_epoch(runner, len(runner.val_dataloader), "val")
        runner.logger.info(line)
        step = 0
        if runner.has_train_loop:
            step = runner.epoch if self.log_metric_by_epoch else runner.iter
        runner.visualizer.add_scalars(tag, step=step, file_path=self.json_log_path)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        tag, line = runner.log_processor.get_log_after_epoch(
            runner, len(runner.test_dataloader), "test", with_non_scalar=True
        )
        runner.logger.info(line)
        storage.write_json(_as_json(tag), storage.join(runner.log_dir, str(self.json_log_path)))

    def after_run(self, runner: Runner) -> None:
        runner.visualizer.close()
        if self.out_dir is None:
            return
        copied = [path for path in sorted(Path(runner.log_dir).rglob("*")) if path.name.endswith(self.out_suffix)]
        for path in copied:
            target = storage.join(self.out_dir, str(path.relative_to(runner.log_dir)))
            storage.write_bytes(path.read_bytes(), target, self.backend_args)
            runner.logger.info(f"The file {path} has been uploaded to {target}.")
        if not self.keep_local:
            for handler in runner.logger.handlers:
                if isinstance(handler, logging.FileHandler):
                    handler.close()
            for path in copied:
                path.unlink()


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(entry) for entry in value]
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return value.tolist()
    return value if value is None or isinstance(value, (str, int, float, bool)) else None
