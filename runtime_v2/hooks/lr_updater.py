"""The learning-rate updaters: each a policy of `mmmigrate.compat.schedule` put on the optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer

from mmmigrate.compat import schedule
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.updater import UpdaterHook
from mmmigrate.runtime_v2.optim.groups import map_optimizers

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class LrUpdaterHook(UpdaterHook):
    """Sets the learning rate; a subclass defines `get_lr(runner, base_lr)`.

    `warmup` is None, 'constant', 'linear' or 'exp'; it lasts `warmup_iters` iterations (epochs if `warmup_by_epoch`)
    and begins at `warmup_ratio` of the regular rate.
    """

    def __init__(
        self,
        by_epoch: bool = True,
        warmup: str | None = None,
        warmup_iters: int = 0,
        warmup_ratio: float = 0.1,
        warmup_by_epoch: bool = False,
    ) -> None:
        super().__init__(by_epoch, warmup, warmup_iters, warmup_ratio)
        self.warmup_by_epoch = warmup_by_epoch
        self.warmup_epochs = warmup_iters if warmup_by_epoch else None
        if warmup_by_epoch:
            self.warmup_iters = None

    @property
    def base_lr(self) -> Any:
        """The rate each group starts from: a list, or a dict of lists by optimizer."""
        return self._bases

    @base_lr.setter
    def base_lr(self, value: Any) -> None:
        self._bases = value

    @property
    def regular_lr(self) -> Any:
        """The current rates as they would be without a warm-up, in the form of `base_lr`."""
        return self._regular

    @regular_lr.setter
    def regular_lr(self, value: Any) -> None:
        self._regular = value

    def get_lr(self, runner: BaseRunner, base_lr: float) -> float:
        """The regular rate now for a group that starts at `base_lr`."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr(runner, base_lr)")

    def get_regular_lr(self, runner: BaseRunner) -> Any:
        """The regular rate now of every group, in the form of `base_lr`."""
        if isinstance(self._bases, dict):
            return {name: [self.get_lr(runner, base) for base in bases] for name, bases in self._bases.items()}
        return [self.get_lr(runner, base) for base in self._bases]

    def get_warmup_lr(self, cur_iters: int) -> Any:
        """The warm-up's rates at iteration `cur_iters`, in the form of `base_lr`."""
        return self._multiplied(self._warmup_factor(cur_iters))

    def before_run(self, runner: BaseRunner) -> None:
        """Note each group's initial rate; a resumed optimizer brings it along as `initial_lr`."""
        self._bases = map_optimizers(_initial_rates, runner.optimizer)

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Set the epoch's rate."""
        if self.warmup_iters is None and self.warmup_epochs is not None:
            self.warmup_iters = self.warmup_epochs * len(runner.data_loader)
        super().before_train_epoch(runner)

    def _regular_values(self, runner: BaseRunner) -> Any:
        return self.get_regular_lr(runner)

    def _warm_values(self, current: int) -> Any:
        return self.get_warmup_lr(current)

    def _assign(self, runner: BaseRunner, values: Any) -> None:
        self._set_lr(runner, values)

    def _set_lr(self, runner: BaseRunner, lr_groups: Any) -> None:
        optimizer = runner.optimizer
        if isinstance(optimizer, dict):
            for name, each in optimizer.items():
                _set_rates(each, lr_groups[name])
        elif optimizer is not None:
            _set_rates(optimizer, lr_groups)


def _initial_rates(name: str, optimizer: Optimizer) -> list[float]:
    return [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]


def _set_rates(optimizer: Optimizer, rates: list[float]) -> None:
    for group, rate in zip(optimizer.param_groups, rates):
        group["lr"] = rate


class PolicyLrUpdaterHook(LrUpdaterHook):
    """A learning-rate updater that is one of the shared policies as well, whose arguments are its attributes."""

    @property
    def min_lr(self) -> Any:
        """The lowest rate."""
        return self.floor

    @min_lr.setter
    def min_lr(self, value: Any) -> None:
        self.floor = value

    @property
    def min_lr_ratio(self) -> Any:
        """The lowest rate as a share of the base rate."""
        return self.floor_ratio

    @min_lr_ratio.setter
    def min_lr_ratio(self, value: Any) -> None:
        self.floor_ratio = value

    def get_lr(self, runner: BaseRunner, base_lr: float) -> float:
        """The policy's rate now."""
        progress, total = self._progress(runner)
        return self.value(base_lr, progress, total)  # type: ignore[attr-defined,no-any-return]

    def get_regular_lr(self, runner: BaseRunner) -> Any:
        """The regular rate now of every group; worked out together, unless a subclass has a `get_lr` of its own."""
        if isinstance(self._bases, dict) or type(self).get_lr is not PolicyLrUpdaterHook.get_lr:
            return super().get_regular_lr(runner)
        progress, total = self._progress(runner)
        return self.values(self._bases, progress, total)  # type: ignore[attr-defined]


@HOOKS.register_module()
class FixedLrUpdaterHook(PolicyLrUpdaterHook, schedule.Fixed):
    """Keeps the rate where it is, after a warm-up."""

    def __init__(self, **kwargs: Any) -> None:
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class StepLrUpdaterHook(PolicyLrUpdaterHook, schedule.Step):
    """Multiplies the rate by `gamma` at each milestone in `step` (every `step` if a number), down to `min_lr`."""

    def __init__(self, step: int | list[int], gamma: float = 0.1, min_lr: float | None = None, **kwargs: Any) -> None:
        schedule.Step.__init__(self, step, gamma, min_lr)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class ExpLrUpdaterHook(PolicyLrUpdaterHook, schedule.Exp):
    """Multiplies the rate by `gamma` at every step."""

    def __init__(self, gamma: float, **kwargs: Any) -> None:
        schedule.Exp.__init__(self, gamma)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class PolyLrUpdaterHook(PolicyLrUpdaterHook, schedule.Poly):
    """Lowers the rate to `min_lr` along a polynomial of degree `power`."""

    def __init__(self, power: float = 1.0, min_lr: float = 0.0, **kwargs: Any) -> None:
        schedule.Poly.__init__(self, power, min_lr)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class InvLrUpdaterHook(PolicyLrUpdaterHook, schedule.Inv):
    """Divides the rate by `(1 + gamma * progress) ** power`."""

    def __init__(self, gamma: float, power: float = 1.0, **kwargs: Any) -> None:
        schedule.Inv.__init__(self, gamma, power)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class CosineAnnealingLrUpdaterHook(PolicyLrUpdaterHook, schedule.CosineAnnealing):
    """Lowers the rate to `min_lr`, or `min_lr_ratio` of the base rate, along half a cosine."""

    def __init__(self, min_lr: float | None = None, min_lr_ratio: float | None = None, **kwargs: Any) -> None:
        schedule.CosineAnnealing.__init__(self, min_lr, min_lr_ratio)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class LinearAnnealingLrUpdaterHook(PolicyLrUpdaterHook, schedule.LinearAnnealing):
    """Lowers the rate to `min_lr`, or `min_lr_ratio` of the base rate, along a line."""

    def __init__(self, min_lr: float | None = None, min_lr_ratio: float | None = None, **kwargs: Any) -> None:
        schedule.LinearAnnealing.__init__(self, min_lr, min_lr_ratio)
        LrUpdaterHook.__init__(self, **kwargs)


@HOOKS.register_module()
class FlatCosineAnnealingLrUpdaterHook(PolicyLrUpdaterHook, schedule.FlatCosineAnnealing):
    """Keeps the rate for `start_percent` (0 to 1) of the run, then lowers it along half a cosine."""

    def __init__(
        self,
        start_percent: float = 0.75,
        min_lr: float | None = None,
        min_lr_ratio: float | None = None,
        **kwargs: Any,
    ) -> None:
        schedule.FlatCosineAnnealing.__init__(self, start_percent, min_lr, min_lr_ratio)
        LrUpdaterHook.__init__(self, **kwargs)
