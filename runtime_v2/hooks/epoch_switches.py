"""Hooks of mmdet 2.x that tell model or data how far the run is."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed, nn

from mmmigrate.runtime_v2.dist import get_dist_info
from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.hook import Hook
from mmmigrate.runtime_v2.parallel.wrappers import unwrapped

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@EXTRA_HOOKS.register_module()
class SetEpochInfoHook(Hook):
    """Calls the model's `set_epoch(epoch)` (0-based) before each train epoch."""

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Tell the model."""
        model: Any = unwrapped(runner.model)
        model.set_epoch(runner.epoch)


@EXTRA_HOOKS.register_module()
class SyncNormHook(Hook):
    """Averages the states of all batch norms over processes every `interval` epochs, each of the last ones.

    The interval becomes 1 when `num_last_epochs` remain.
    """

    def __init__(self, num_last_epochs: int = 15, interval: int = 1) -> None:
        self.interval = interval
        self.num_last_epochs = num_last_epochs

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Synchronise every epoch from here on, if this is where the last ones begin."""
        if runner.epoch + 1 == runner.max_epochs - self.num_last_epochs:
            self.interval = 1

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Synchronise, if this epoch is due."""
        world_size = get_dist_info()[1]
        if (runner.epoch + 1) % self.interval == 0 and world_size > 1:
            _average_norms(runner.model, world_size)


def _average_norms(model: nn.Module, world_size: int) -> None:
    """Replace the states of all batch norms by their mean over the processes, their counters too."""
    norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._NormBase)]
    states = [tensor for norm in norms for tensor in norm.state_dict().values()]
    if not states:
        return
    # all in one tensor in this order: where a value lies in it decides in which order the processes' are added
    flat = torch.cat([state.flatten().float() for state in states])
    distributed.all_reduce(flat)
    flat /= world_size
    for state, mean in zip(states, torch.split(flat, [state.numel() for state in states])):
        state.copy_(mean.view(state.shape))


@EXTRA_HOOKS.register_module()
class SyncRandomSizeHook(Hook):
    """Draws the train data's image size anew every `interval` epochs, the same on all processes.

    A number from `ratio_range` times 32 gives the first side; `img_scale` gives the ratio of the sides. The data set
    takes it by `update_dynamic_scale((width, height))`.
    """

    def __init__(
        self,
        ratio_range: Sequence[int] | None = (14, 26),
        img_scale: Sequence[int] = (640, 640),
        interval: int = 1,
        device: str = "cuda",
    ) -> None:
        warnings.warn(
            "SyncRandomSizeHook is deprecated: use a Resize pipeline with multiscale_mode='range'",
            DeprecationWarning,
            stacklevel=2,
        )
        self.rank, world_size = get_dist_info()
        self.is_distributed = world_size > 1
        self.ratio_range = ratio_range
        self.img_scale = img_scale
        self.interval = interval
        self.device = device

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Draw and hand on a size, if this epoch is due."""
        if self.ratio_range is None or (runner.epoch + 1) % self.interval != 0:
            return
        size = torch.zeros(2, dtype=torch.long, device=self.device)
        if self.rank == 0:
            factor = self.img_scale[1] * 1.0 / self.img_scale[0]
            drawn = random.randint(*self.ratio_range)
            size[0], size[1] = int(32 * drawn), 32 * int(drawn * factor)
        if self.is_distributed:
            distributed.broadcast(size, 0)
        runner.data_loader.dataset.update_dynamic_scale((int(size[0]), int(size[1])))


@EXTRA_HOOKS.register_module()
class YOLOXModeSwitchHook(Hook):
    """Before the last `num_last_epochs`, leaves the transforms `skip_type_keys` out and adds the head's L1 loss."""

    def __init__(
        self,
        num_last_epochs: int = 15,
        skip_type_keys: Sequence[str] = ("Mosaic", "RandomAffine", "MixUp"),
    ) -> None:
        self.num_last_epochs = num_last_epochs
        self.skip_type_keys = skip_type_keys
        self._restart_dataloader = False

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Switch, if this is where the last epochs begin."""
        loader: Any = runner.data_loader
        if runner.epoch + 1 == runner.max_epochs - self.num_last_epochs:
            runner.logger.info("No mosaic and mixup aug now!")
            loader.dataset.update_skip_type_keys(self.skip_type_keys)
            if getattr(loader, "persistent_workers", False):
                # living workers hold the old pipeline: make the loader start new ones
                loader._DataLoader__initialized = False
                loader._iterator = None
                self._restart_dataloader = True
            runner.logger.info("Add additional L1 loss now!")
            model: Any = unwrapped(runner.model)
            model.bbox_head.use_l1 = True
        elif self._restart_dataloader:
            loader._DataLoader__initialized = True
