"""YOLOXLrUpdaterHook: a cosine with a quadratic warm-up and a constant end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmigrate.compat import schedule
from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.lr_updater import LrUpdaterHook, PolicyLrUpdaterHook
from mmmigrate.runtime_v2.optim.groups import map_values

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@EXTRA_HOOKS.register_module()
class YOLOXLrUpdaterHook(PolicyLrUpdaterHook, schedule.YOLOX):
    """Anneals from the end of the warm-up to `num_last_epochs` before the end of the run, then stays at the minimum.

    The warm-up's rate is `warmup_ratio * ((i + 1) / warmup_iters) ** 2` of the base rate.
    """

    def __init__(
        self, num_last_epochs: int, min_lr: float | None = None, min_lr_ratio: float | None = None, **kwargs: Any
    ) -> None:
        schedule.YOLOX.__init__(self, num_last_epochs, min_lr, min_lr_ratio)
        LrUpdaterHook.__init__(self, **kwargs)

    def get_lr(self, runner: BaseRunner, base_lr: float) -> float:
        """The rate now."""
        self.bind(len(runner.data_loader), self.warmup_iters or 0)
        return super().get_lr(runner, base_lr)

    def get_warmup_lr(self, cur_iters: int) -> Any:
        """The warm-up's rates, which do not depend on the regular ones."""
        factor = self.own_warmup_factor(cur_iters, self.warmup_iters or 0, self.warmup_ratio)
        return map_values(lambda bases: [base * factor for base in bases], self.base_lr)
