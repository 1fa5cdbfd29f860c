"""IterTimerHook: how long each iteration takes, and how much of it waits for data."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class IterTimerHook(Hook):
    """Logs `data_time` before and `time` after each iteration, in seconds since the end of the one before."""

    t: float

    def before_epoch(self, runner: BaseRunner) -> None:
        """Start the clock."""
        self.t = time()

    def before_iter(self, runner: BaseRunner) -> None:
        """Log the time that the batch took."""
        runner.log_buffer.add("data_time", time() - self.t)

    def after_iter(self, runner: BaseRunner) -> None:
        """Log the time of the iteration and start the clock again."""
        now = time()
        runner.log_buffer.add("time", now - self.t)
        self.t = now
