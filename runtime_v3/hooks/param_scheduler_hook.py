"""Moves the schedules on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.optim.scheduler import _ParamScheduler
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class ParamSchedulerHook(Hook):
    """Steps schedules by iteration after each iteration, by epoch after each epoch, and by metric after validation."""

    priority = "LOW"

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        for scheduler in _all(runner):
            if not scheduler.by_epoch:
                scheduler.step()

    def after_train_epoch(self, runner: Runner) -> None:
        for scheduler in _all(runner):
            if scheduler.by_epoch:
                scheduler.step()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        given = runner.param_schedulers
        if metrics is None or (isinstance(given, dict) and "type" in given):
            return  # a validation alone: the schedulers are still configs
        for scheduler in _all(runner):
            if getattr(scheduler, "by_epoch", False) and getattr(scheduler, "need_val_args", False):
                scheduler.step(metrics)  # type: ignore[call-arg]


def _all(runner: Runner) -> list[_ParamScheduler]:
    schedulers = runner.param_schedulers
    if isinstance(schedulers, list):
        return schedulers
    if schedulers is None:
        return []
    if isinstance(schedulers, dict):
        return [scheduler for group in schedulers.values() for scheduler in group]
    raise TypeError(
        "runner.param_schedulers should be list of ParamScheduler or a dict containing list of ParamScheduler, got "
        f"{type(schedulers).__name__}"
    )
