"""EmptyCacheHook: gives unused GPU memory back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class EmptyCacheHook(Hook):
    """Empties torch's cache of GPU memory at the chosen points."""

    def __init__(self, before_epoch: bool = False, after_epoch: bool = True, after_iter: bool = False) -> None:
        self._before_epoch = before_epoch
        self._after_epoch = after_epoch
        self._after_iter = after_iter

    def after_iter(self, runner: BaseRunner) -> None:
        """Empty the cache after an iteration, if asked to."""
        if self._after_iter:
            torch.cuda.empty_cache()

    def before_epoch(self, runner: BaseRunner) -> None:
        """Empty the cache before an epoch, if asked to."""
        if self._before_epoch:
            torch.cuda.empty_cache()

    def after_epoch(self, runner: BaseRunner) -> None:
        """Empty the cache after an epoch, if asked to."""
        if self._after_epoch:
            torch.cuda.empty_cache()
