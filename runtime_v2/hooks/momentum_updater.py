"""The momentum updaters: SGD's `momentum` or Adam's first beta, by the same policies as the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer

from mmmigrate.compat import schedule
from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.lr_cycles import require_by_iteration
from mmmigrate.runtime_v2.hooks.updater import UpdaterHook
from mmmigrate.runtime_v2.optim.groups import map_optimizers, map_values, set_momentum

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class MomentumUpdaterHook(UpdaterHook):
    """Sets the momentum; a subclass defines `get_momentum(runner, base_momentum)`. A warm-up divides."""

    def __init__(
        self,
        by_epoch: bool = True,
        warmup: str | None = None,
        warmup_iters: int = 0,
        warmup_ratio: float = 0.9,
    ) -> None:
        super().__init__(by_epoch, warmup, warmup_iters, warmup_ratio)

    @property
    def base_momentum(self) -> Any:
        """The momentum each group starts from: a list, or a dict of lists by optimizer."""
        return self._bases

    @base_momentum.setter
    def base_momentum(self, value: Any) -> None:
        self._bases = value

    @property
    def regular_momentum(self) -> Any:
        """The current momentum as it would be without a warm-up, in the form of `base_momentum`."""
        return self._regular

    @regular_momentum.setter
    def regular_momentum(self, value: Any) -> None:
        self._regular = value

    def get_momentum(self, runner: BaseRunner, base_momentum: Any) -> float:
        """The regular momentum now for a group that starts at `base_momentum`."""
        raise NotImplementedError(f"{type(self).__name__} must define get_momentum(runner, base_momentum)")

    def get_regular_momentum(self, runner: BaseRunner) -> Any:
        """The regular momentum now of every group, in the form of `base_momentum`."""
        return map_values(lambda bases: [self.get_momentum(runner, base) for base in bases], self._bases)

    def get_warmup_momentum(self, cur_iters: int) -> Any:
        """The warm-up's momentum at iteration `cur_iters`, in the form of `base_momentum`."""
        return self._divided(self._warmup_factor(cur_iters))

    def before_run(self, runner: BaseRunner) -> None:
        """Note each group's initial momentum; a resumed optimizer brings it along."""
        self._bases = map_optimizers(_initial_momentum, runner.optimizer)

    def _regular_values(self, runner: BaseRunner) -> Any:
        return self.get_regular_momentum(runner)

    def _warm_values(self, current: int) -> Any:
        return self.get_warmup_momentum(current)

    def _assign(self, runner: BaseRunner, values: Any) -> None:
        self._set_momentum(runner, values)

    def _set_momentum(self, runner: BaseRunner, momentum_groups: Any) -> None:
        if isinstance(runner.optimizer, dict):
            for name, optimizer in runner.optimizer.items():
                _set_all(optimizer, momentum_groups[name])
        elif runner.optimizer is not None:
            _set_all(runner.optimizer, momentum_groups)


def _initial_momentum(name: str, optimizer: Optimizer) -> list[float]:
    for group in optimizer.param_groups:
        if "momentum" not in group and "betas" not in group:
            raise ArgumentValueError(f"{name} has neither momentum nor betas: it cannot take a momentum_config")
        group.setdefault("initial_momentum", group["momentum"] if "momentum" in group else group["betas"][0])
    return [group["initial_momentum"] for group in optimizer.param_groups]


def _set_all(optimizer: Optimizer, values: list[float]) -> None:
    for group, value in zip(optimizer.param_groups, values):
        set_momentum(group, value)


class PolicyMomentumUpdaterHook(MomentumUpdaterHook):
    """A momentum updater that is one of the shared policies as well, whose arguments are its attributes."""

    @property
    def min_momentum(self) -> Any:
        """The lowest momentum."""
        return self.floor

    @min_momentum.setter
    def min_momentum(self, value: Any) -> None:
        self.floor = value

    @property
    def min_momentum_ratio(self) -> Any:
        """The lowest momentum as a share of the base."""
        return self.floor_ratio

    @min_momentum_ratio.setter
    def min_momentum_ratio(self, value: Any) -> None:
        self.floor_ratio = value

    def get_momentum(self, runner: BaseRunner, base_momentum: Any) -> float:
        """The policy's momentum now."""
        progress, total = self._progress(runner)
        return self.value(base_momentum, progress, total)  # type: ignore[attr-defined,no-any-return]


@HOOKS.register_module()
class StepMomentumUpdaterHook(PolicyMomentumUpdaterHook, schedule.Step):
    """Multiplies the momentum by `gamma` at each milestone in `step` (every `step` if a number)."""

    def __init__(
        self, step: int | list[int], gamma: float = 0.5, min_momentum: float | None = None, **kwargs: Any
    ) -> None:
        schedule.Step.__init__(self, step, gamma, min_momentum)
        MomentumUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class CosineAnnealingMomentumUpdaterHook(PolicyMomentumUpdaterHook, schedule.CosineAnnealing):
    """Moves the momentum to `min_momentum`, or a ratio of the base, along half a cosine."""

    def __init__(
        self, min_momentum: float | None = None, min_momentum_ratio: float | None = None, **kwargs: Any
    ) -> None:
        schedule.CosineAnnealing.__init__(self, min_momentum, min_momentum_ratio)
        MomentumUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class LinearAnnealingMomentumUpdaterHook(PolicyMomentumUpdaterHook, schedule.LinearAnnealing):
    """Moves the momentum to `min_momentum`, or a ratio of the base, along a line."""

    def __init__(
        self, min_momentum: float | None = None, min_momentum_ratio: float | None = None, **kwargs: Any
    ) -> None:
        schedule.LinearAnnealing.__init__(self, min_momentum, min_momentum_ratio)
        MomentumUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class CyclicMomentumUpdaterHook(PolicyMomentumUpdaterHook, schedule.Cyclic):
    """Cycles the momentum, usually against a cyclic learning rate."""

    def __init__(
        self,
        by_epoch: bool = False,
        target_ratio: float | tuple[float, ...] = (0.85 / 0.95, 1.0),
        cyclic_times: int = 1,
        step_ratio_up: float = 0.4,
        anneal_strategy: str = "cos",
        gamma: float = 1.0,
        **kwargs: Any,
    ) -> None:
        require_by_iteration(type(self).__name__, by_epoch)
        schedule.Cyclic.__init__(self, target_ratio, cyclic_times, step_ratio_up, anneal_strategy, gamma)
        MomentumUpdaterHook.__init__(self, by_epoch, **kwargs)


@HOOKS.register_module()
class OneCycleMomentumUpdaterHook(PolicyMomentumUpdaterHook, schedule.OneCycleMomentum):
    """Lowers the momentum from `max_momentum` to `base_momentum` while one-cycle raises the rate, and back."""

    def __init__(
        self,
        base_momentum: float | list[float] | dict[str, Any] = 0.85,
        max_momentum: float | list[float] | dict[str, Any] = 0.95,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        three_phase: bool = False,
        **kwargs: Any,
    ) -> None:
        require_by_iteration(type(self).__name__, kwargs.setdefault("by_epoch", False))
        schedule.OneCycleMomentum.__init__(self, base_momentum, max_momentum, pct_start, anneal_strategy, three_phase)
        MomentumUpdaterHook.__init__(self, **kwargs)

    def before_run(self, runner: BaseRunner) -> None:
        """Put every group at the highest momentum."""
        self._bases = map_optimizers(self._start, runner.optimizer)

    def _start(self, name: str, optimizer: Optimizer) -> list[tuple[float, float]]:
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ArgumentValueError(f"{name} has neither momentum nor betas: it cannot take a momentum_config")
        pairs = self.bases([0.0] * len(optimizer.param_groups), name)
        for group, (low, high) in zip(optimizer.param_groups, pairs):
            set_momentum(group, high)
            group["base_momentum"], group["max_momentum"] = low, high
        return pairs
