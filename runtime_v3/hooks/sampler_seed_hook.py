"""Gives every epoch its own permutation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v3.hooks.hook import Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class DistSamplerSeedHook(Hook):
    """Tells the sampler which epoch begins."""

    priority = "NORMAL"

    def before_train_epoch(self, runner: Runner) -> None:
        set_sampler_epoch(runner.train_dataloader, runner.epoch)


def set_sampler_epoch(dataloader: Any, epoch: int) -> None:
    """Calls `set_epoch` of the sampler, or of the batch sampler's sampler, where there is one."""
    sampler = getattr(dataloader, "sampler", None)
    if not hasattr(sampler, "set_epoch"):
        sampler = getattr(getattr(dataloader, "batch_sampler", None), "sampler", None)
    if sampler is not None and hasattr(sampler, "set_epoch"):
        sampler.set_epoch(epoch)
