"""The policy of YOLOX, as mmdet 2.x registers it."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.schedule.anneal import cosine
from mmmigrate.compat.schedule.policies import Floored


class YOLOX(Floored):
    """A cosine from the end of the warm-up to `num_last_epochs` before the end of the run, then the floor.

    The lengths of an epoch and of the warm-up must be told by `bind` before.
    """

    def __init__(self, num_last_epochs: int, floor: float | None = None, floor_ratio: float | None = None) -> None:
        super().__init__(floor, floor_ratio)
        self.num_last_epochs = num_last_epochs
        self._iters_per_epoch = 0
        self._warmup_iters = 0

    def bind(self, iters_per_epoch: int, warmup_iters: int) -> None:
        """Take the lengths of an epoch and of the warm-up, in iterations."""
        self._iters_per_epoch, self._warmup_iters = iters_per_epoch, warmup_iters

    def value(self, base: Any, progress: int, total: int) -> float:
        # mmdet subtracts iterations even where progress counts epochs
        last_iters = self._iters_per_epoch * self.num_last_epochs
        progress += 1
        if progress >= total - last_iters:
            return self.target(base)
        fraction = (progress - self._warmup_iters) / (total - self._warmup_iters - last_iters)
        return cosine(base, self.target(base), fraction)

    def own_warmup_factor(self, iteration: int, warmup_iters: int, ratio: float) -> float:
        """What the base value, not the regular one, is multiplied by during the warm-up."""
        return ratio * pow((iteration + 1) / float(warmup_iters), 2)
