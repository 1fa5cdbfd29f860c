"""The cosine with a cooldown, as mmcls 0.x registers it."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.schedule.anneal import cosine
from mmmigrate.compat.schedule.policies import Floored


class CosineAnnealingCooldown(Floored):
    """A cosine that ends at the floor `cool_down_time` steps before the run does, then a fraction of the floor."""

    def __init__(
        self,
        floor: float | None = None,
        floor_ratio: float | None = None,
        cool_down_ratio: float = 0.1,
        cool_down_time: int = 10,
    ) -> None:
        super().__init__(floor, floor_ratio)
        self.cool_down_ratio, self.cool_down_time = cool_down_ratio, cool_down_time

    def value(self, base: Any, progress: int, total: int) -> float:
        target = self.target(base)
        annealing = total - self.cool_down_time
        if progress > annealing:  # mmcls counts the first cool step to the cosine
            return target * self.cool_down_ratio
        return cosine(base, target, progress / annealing)
