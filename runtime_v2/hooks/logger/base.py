"""LoggerHook: when a logger writes, and what it has to write."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.hooks.hook import Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class LoggerHook(Hook):
    """Averages the log buffer every `interval` iterations and calls `log(runner)`, which a subclass defines.

    `by_epoch` counts iterations within each epoch, else over the run. Unless `ignore_last`, the rest of an epoch is
    logged too. The last logger in order clears the averages (`reset_flag`) for all.
    """

    def __init__(
        self, interval: int = 10, ignore_last: bool = True, reset_flag: bool = False, by_epoch: bool = True
    ) -> None:
        if not isinstance(interval, int):
            raise ArgumentTypeError(f"interval must be an int, got {interval!r}")
        self.interval = interval
        self.ignore_last = ignore_last
        self.reset_flag = reset_flag
        self.by_epoch = by_epoch

    def log(self, runner: BaseRunner) -> Any:
        """Write what `runner.log_buffer.output` holds."""
        raise NotImplementedError(f"{type(self).__name__} must define log(runner)")

    @staticmethod
    def is_scalar(val: Any, include_np: bool = True, include_torch: bool = True) -> bool:
        """Whether `val` is a number, a 0-d array or a tensor of one element."""
        if isinstance(val, numbers.Number):
            return True
        if include_np and isinstance(val, np.ndarray) and val.ndim == 0:
            return True
        return bool(include_torch and isinstance(val, torch.Tensor) and val.numel() == 1)

    def get_mode(self, runner: BaseRunner) -> str:
        """'train', or 'val' in a val phase and for metrics, which come without a time."""
        _check_mode(runner)
        return "train" if runner.mode == "train" and "time" in runner.log_buffer.output else "val"

    def get_epoch(self, runner: BaseRunner) -> int:
        """The epoch's number from 1; a val phase belongs to the train epoch before it."""
        _check_mode(runner)
        return runner.epoch + 1 if runner.mode == "train" else runner.epoch

    def get_iter(self, runner: BaseRunner, inner_iter: bool = False) -> int:
        """The iteration's number from 1: in the run, or in the epoch if asked and counting by epoch."""
        return (runner.inner_iter if self.by_epoch and inner_iter else runner.iter) + 1

    def get_lr_tags(self, runner: BaseRunner) -> dict[str, float]:
        """The rate of the first group, by optimizer if there are several."""
        return _first_group_tags("learning_rate", runner.current_lr())

    def get_momentum_tags(self, runner: BaseRunner) -> dict[str, float]:
        """The momentum of the first group, by optimizer if there are several."""
        return _first_group_tags("momentum", runner.current_momentum())

    def get_loggable_tags(
        self,
        runner: BaseRunner,
        allow_scalar: bool = True,
        allow_text: bool = False,
        add_mode: bool = True,
        tags_to_skip: tuple[str, ...] = ("time", "data_time"),
    ) -> dict[str, Any]:
        """The averages as `mode/name`, with rate and momentum."""
        tags: dict[str, Any] = {}
        for name, value in runner.log_buffer.output.items():
            if name in tags_to_skip:
                continue
            if (self.is_scalar(value) and not allow_scalar) or (isinstance(value, str) and not allow_text):
                continue
            tags[f"{self.get_mode(runner)}/{name}" if add_mode else name] = value
        tags.update(self.get_lr_tags(runner))
        tags.update(self.get_momentum_tags(runner))
        return tags

    def before_run(self, runner: BaseRunner) -> None:
        """Let the last logger clear the averages."""
        loggers = [hook for hook in runner.hooks if isinstance(hook, LoggerHook)]
        if loggers:
            loggers[-1].reset_flag = True

    def before_epoch(self, runner: BaseRunner) -> None:
        """Forget the last epoch."""
        runner.log_buffer.clear()

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Average if due, and log what is ready."""
        done = (runner.inner_iter if self.by_epoch else runner.iter) + 1
        buffer = runner.log_buffer
        if (self.interval > 0 and done % self.interval == 0) or (not self.ignore_last and self.end_of_epoch(runner)):
            buffer.average(self.interval)
        if buffer.ready:
            self._log_if_ready(runner)

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Log what is ready, such as metrics."""
        self._log_if_ready(runner)

    def after_val_epoch(self, runner: BaseRunner) -> None:
        """Average over the whole val epoch and log it."""
        runner.log_buffer.average()
        self._log_if_ready(runner)

    def _log_if_ready(self, runner: BaseRunner) -> None:
        if runner.log_buffer.ready:
            self.log(runner)
            if self.reset_flag:
                runner.log_buffer.clear_output()


def _check_mode(runner: BaseRunner) -> None:
    if runner.mode not in ("train", "val"):
        raise ArgumentValueError(f"runner mode should be 'train' or 'val', but got {runner.mode}")


def _first_group_tags(name: str, values: Any) -> dict[str, float]:
    if isinstance(values, dict):
        return {f"{name}/{optimizer}": value[0] for optimizer, value in values.items()}
    return {name: values[0]}
