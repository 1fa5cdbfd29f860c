"""Makes buffers, such as the statistics of batch norm, the same in all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v3.dist import all_reduce_params, is_distributed
from mmmigrate.runtime_v3.hooks.hook import Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class SyncBuffersHook(Hook):
    """Sets buffers to their mean over all processes after each epoch, and before a validation in between."""

    priority = "NORMAL"

    def __init__(self) -> None:
        self.distributed = is_distributed()
        self.called_in_train = False

    def before_val_epoch(self, runner: Runner) -> None:
        if self.distributed and not self.called_in_train:
            _average(runner.model)
        self.called_in_train = False

    def after_train_epoch(self, runner: Runner) -> None:
        if self.distributed:
            _average(runner.model)
            self.called_in_train = True


def _average(model: Any) -> None:
    all_reduce_params(model.buffers(), op="mean")
