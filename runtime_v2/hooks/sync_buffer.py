"""SyncBuffersHook: the same batch-norm statistics in all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmmigrate.runtime_v2.dist import allreduce_params
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class SyncBuffersHook(Hook):
    """Averages the model's buffers over all processes after each epoch, unless `distributed` is false."""

    def __init__(self, distributed: bool = True) -> None:
        self.distributed = distributed

    def after_epoch(self, runner: BaseRunner) -> None:
        """Average the buffers."""
        if self.distributed:
            allreduce_params(runner.model.buffers())
