"""DistSamplerSeedHook: tells a distributed sampler which epoch it is, so that it shuffles anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class DistSamplerSeedHook(Hook):
    """Calls `set_epoch` of the loader's sampler, or of its batch sampler's, before each epoch."""

    def before_epoch(self, runner: BaseRunner) -> None:
        """Hand the epoch on to the sampler that takes one."""
        loader = runner.data_loader
        for sampler in (loader.sampler, getattr(loader.batch_sampler, "sampler", None)):
            set_epoch = getattr(sampler, "set_epoch", None)
            if set_epoch is not None:
                set_epoch(runner.epoch)
                return
