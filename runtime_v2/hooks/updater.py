"""What learning-rate and momentum updaters share: when a schedule's value is set, warm-up included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmigrate.compat.argument_errors import StateError
from mmmigrate.compat.schedule import check_warmup, warmup_factor
from mmmigrate.runtime_v2.hooks.hook import Hook
from mmmigrate.runtime_v2.optim.groups import map_values

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class UpdaterHook(Hook):
    """Sets a value of every parameter group before each train epoch (`by_epoch`) or iteration.

    During warm-up it is set before each iteration in either case. A subclass says how to compute and set the values.
    """

    def __init__(self, by_epoch: bool, warmup: str | None, warmup_iters: int, warmup_ratio: float) -> None:
        check_warmup(warmup, warmup_iters, warmup_ratio)
        self.by_epoch = by_epoch
        self.warmup = warmup
        self.warmup_iters: int | None = warmup_iters
        self.warmup_ratio = warmup_ratio
        self._bases: Any = []
        self._regular: Any = []

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Set the epoch's value."""
        if self.by_epoch:
            self._regular = self._regular_values(runner)
            self._assign(runner, self._regular)

    def before_train_iter(self, runner: BaseRunner) -> None:
        """Set the iteration's value, or the warm-up's; by epoch and after the warm-up nothing is left to do."""
        if self.by_epoch and self.warmup is None:
            return
        current = runner._iter
        if self.warmup_iters is None:
            raise StateError("warmup_by_epoch=True needs a runner by epoch: this one has called no epoch yet")
        if not self.by_epoch:
            self._regular = self._regular_values(runner)
            warm = self.warmup is None or current >= self.warmup_iters
            self._assign(runner, self._regular if warm else self._warm_values(current))
        elif current == self.warmup_iters:
            self._assign(runner, self._regular)
        elif current < self.warmup_iters:
            self._assign(runner, self._warm_values(current))

    def _idle_at(self, stage: str) -> bool:
        inherited = type(self).before_train_iter is UpdaterHook.before_train_iter
        return stage == "before_train_iter" and inherited and self.by_epoch and self.warmup is None

    def _regular_values(self, runner: BaseRunner) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how to compute its values")

    def _warm_values(self, current: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how it warms up")

    def _assign(self, runner: BaseRunner, values: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how to set its values")

    def _warmup_factor(self, current: int) -> float:
        if self.warmup is None or self.warmup_iters is None:
            raise RuntimeError(f"{type(self).__name__} has no warm-up")
        return warmup_factor(self.warmup, current, self.warmup_iters, self.warmup_ratio)

    def _multiplied(self, factor: float) -> Any:
        return map_values(lambda values: [value * factor for value in values], self._regular)

    def _divided(self, divisor: float) -> Any:
        return map_values(lambda values: [value / divisor for value in values], self._regular)

    def _progress(self, runner: BaseRunner) -> tuple[int, int]:
        """(done, total) in the unit that this schedule counts in."""
        if self.by_epoch:
            return runner.epoch, runner.max_epochs
        return runner.iter, runner.max_iters
