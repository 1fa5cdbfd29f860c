"""The learning-rate updaters that rise and fall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer

from mmmigrate.compat import schedule
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.lr_updater import LrUpdaterHook, PolicyLrUpdaterHook
from mmmigrate.runtime_v2.optim.groups import map_optimizers

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class CosineRestartLrUpdaterHook(PolicyLrUpdaterHook, schedule.CosineRestart):
    """Half a cosine in each of `periods`, restarting at `restart_weights[i]`."""

    def __init__(
        self,
        periods: Sequence[int],
        restart_weights: Sequence[float] = (1,),
        min_lr: float | None = None,
        min_lr_ratio: float | None = None,
        **kwargs: Any,
    ) -> None:
        schedule.CosineRestart.__init__(self, periods, restart_weights, min_lr, min_lr_ratio)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class CyclicLrUpdaterHook(PolicyLrUpdaterHook, schedule.Cyclic):
    """`cyclic_times` cycles, each up to `target_ratio[0]` and down to `target_ratio[1]` times the base rate."""

    def __init__(
        self,
        by_epoch: bool = False,
        target_ratio: float | tuple[float, ...] = (10, 1e-4),
        cyclic_times: int = 1,
        step_ratio_up: float = 0.4,
        anneal_strategy: str = "cos",
        gamma: float = 1,
        **kwargs: Any,
    ) -> None:
        require_by_iteration(type(self).__name__, by_epoch)
        schedule.Cyclic.__init__(self, target_ratio, cyclic_times, step_ratio_up, anneal_strategy, gamma)
        LrUpdaterHook.__init__(self, by_epoch, **kwargs)


@HOOKS.register_module()
class OneCycleLrUpdaterHook(PolicyLrUpdaterHook, schedule.OneCycle):
    """One rise to `max_lr` and one fall over `total_steps` iterations (by default the run)."""

    def __init__(
        self,
        max_lr: float | list[float] | dict[str, Any],
        total_steps: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        **kwargs: Any,
    ) -> None:
        require_by_iteration(type(self).__name__, kwargs.setdefault("by_epoch", False))
        schedule.OneCycle.__init__(
            self, max_lr, total_steps, pct_start, anneal_strategy, div_factor, final_div_factor, three_phase
        )
        LrUpdaterHook.__init__(self, **kwargs)

    def before_run(self, runner: BaseRunner) -> None:
        """Take the base rates from `max_lr`; a cycle shorter than the run is an error."""
        self.steps(runner.max_iters)
        self._bases = map_optimizers(self._base_rates, runner.optimizer)

    def _base_rates(self, name: str, optimizer: Optimizer) -> list[float]:
        groups = optimizer.param_groups
        rates = self.bases([group["lr"] for group in groups], name)
        for group, rate in zip(groups, rates):
            group.setdefault("initial_lr", rate)
        return rates


def require_by_iteration(hook: str, by_epoch: bool) -> None:
    """Raise unless the schedule counts iterations."""
    if by_epoch:
        raise schedule.ScheduleError(f'{hook} only supports "by_epoch" = False')
