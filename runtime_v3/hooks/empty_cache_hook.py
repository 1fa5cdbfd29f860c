"""Gives unused GPU memory back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.runtime_v3.device import is_cuda_available
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class EmptyCacheHook(Hook):
    """Empties the cache of CUDA memory before or after epochs, or after iterations."""

    priority = "NORMAL"

    def __init__(self, before_epoch: bool = False, after_epoch: bool = True, after_iter: bool = False) -> None:
        self._do_before_epoch = before_epoch
        self._do_after_epoch = after_epoch
        self._do_after_iter = after_iter

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None:
        _empty(self._do_before_epoch)

    def _after_epoch(self, runner: Runner, mode: str = "train") -> None:
        _empty(self._do_after_epoch)

    def _after_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Any = None, mode: str = "train"
    ) -> None:
        _empty(self._do_after_iter)


def _empty(wanted: bool) -> None:
    if wanted and is_cuda_available():
        torch.cuda.empty_cache()
