"""The policies whose value depends on progress alone: each a few parameters and one pure method.

`value(base, progress, total)` gives what mmcv 1.7.2 would set for a parameter group that starts at `base`, after
`progress` of `total` epochs (or iterations, as the schedule's `by_epoch` says). The order of the floating-point
operations is mmcv's, so results are equal bit for bit. `floor` is what a learning-rate schedule calls `min_lr` and a
momentum schedule `min_momentum`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmmigrate.compat.schedule.anneal import cosine, linear
from mmmigrate.compat.schedule.errors import ScheduleError


class Policy:
    """What every policy offers; a subclass defines `value`."""

    default_by_epoch = True

    def bases(self, initial: Sequence[float], name: str = "") -> list[Any]:
        """The base value of each parameter group, given their initial values.

        `name` is the optimizer's key among several (or its class), which selects from arguments given as a dict.
        """
        return list(initial)

    def bind(self, iters_per_epoch: int, warmup_iters: int) -> None:
        """Take lengths in iterations; `Plan` calls this where it knows them. Most policies have no use for them."""

    def own_warmup_factor(self, iteration: int, warmup_iters: int, ratio: float) -> float | None:
        """What the base value is multiplied by during the warm-up; None where the usual rule holds."""
        return None

    def value(self, base: Any, progress: int, total: int) -> float:
        """The value after `progress` of `total` steps for a group whose base value is `base`."""
        raise ScheduleError(f"{type(self).__name__} defines no value")

    def values(self, bases: Sequence[Any], progress: int, total: int) -> list[float]:
        """The values of several parameter groups at once."""
        return [self.value(base, progress, total) for base in bases]


class Fixed(Policy):
    """The base value throughout."""

    def value(self, base: Any, progress: int, total: int) -> float:
        return base  # type: ignore[no-any-return]


class Step(Policy):
    """A decay by `gamma` at each milestone in `step`, or every `step` when that is a number, never below `floor`."""

    def __init__(self, step: int | list[int], gamma: float = 0.1, floor: float | None = None) -> None:
        if not isinstance(step, int | list):
            raise TypeError(f'"step" must be a list or integer, got {step!r}')
        milestones = step if isinstance(step, list) else [step]
        if not all(isinstance(milestone, int) and milestone > 0 for milestone in milestones):
            raise ScheduleError(f'"step" must hold positive integers only, got {step!r}')
        self.step, self.gamma, self.floor = step, gamma, floor

    def value(self, base: Any, progress: int, total: int) -> float:
        return self.values([base], progress, total)[0]

    def values(self, bases: Sequence[Any], progress: int, total: int) -> list[float]:
        factor = self.gamma ** self._decays(progress)
        if self.floor is None:
            return [base * factor for base in bases]
        return [max(base * factor, self.floor) for base in bases]

    def _decays(self, progress: int) -> int:
        if isinstance(self.step, int):
            return progress // self.step
        # mmcv takes the first milestone that lies ahead, which differs from a count when the list is not sorted
        for i, milestone in enumerate(self.step):
            if progress < milestone:
                return i
        return len(self.step)


class Exp(Policy):
    """A decay by `gamma` at every step."""

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def value(self, base: Any, progress: int, total: int) -> float:
        return base * self.gamma**progress  # type: ignore[no-any-return]


class Poly(Policy):
    """From the base value to `floor` along `(1 - progress / total) ** power`."""

    def __init__(self, power: float = 1.0, floor: float = 0.0) -> None:
        self.power, self.floor = power, floor

    def value(self, base: Any, progress: int, total: int) -> float:
        coefficient = (1 - progress / total) ** self.power
        return (base - self.floor) * coefficient + self.floor  # type: ignore[no-any-return]


class Inv(Policy):
    """The base value times `(1 + gamma * progress) ** -power`."""

    def __init__(self, gamma: float, power: float = 1.0) -> None:
        self.gamma, self.power = gamma, power

    def value(self, base: Any, progress: int, total: int) -> float:
        return base * (1 + self.gamma * progress) ** (-self.power)  # type: ignore[no-any-return]


class Floored(Policy):
    """What the annealing policies share: they end at `floor`, or at `floor_ratio` times the base value."""

    def __init__(self, floor: float | None = None, floor_ratio: float | None = None) -> None:
        if (floor is None) == (floor_ratio is None):
            raise ScheduleError(
                "give exactly one of the minimum (min_lr, min_momentum) and its ratio to the base "
                f"(min_lr_ratio, min_momentum_ratio), got {floor!r} and {floor_ratio!r}"
            )
        self.floor, self.floor_ratio = floor, floor_ratio

    def target(self, base: float) -> float:
        """The value at which annealing from `base` ends."""
        if self.floor_ratio is not None:
            return base * self.floor_ratio
        if self.floor is None:
            raise ScheduleError("neither a minimum nor a ratio is set")
        return self.floor


class CosineAnnealing(Floored):
    """Half a cosine from the base value to the floor."""

    def value(self, base: Any, progress: int, total: int) -> float:
        return cosine(base, self.target(base), progress / total)


class LinearAnnealing(Floored):
    """A straight line from the base value to the floor."""

    def value(self, base: Any, progress: int, total: int) -> float:
        return linear(base, self.target(base), progress / total)


class FlatCosineAnnealing(Floored):
    """The base value for the first `start_percent` (0 to 1) of the run, then half a cosine to the floor."""

    def __init__(
        self, start_percent: float = 0.75, floor: float | None = None, floor_ratio: float | None = None
    ) -> None:
        super().__init__(floor, floor_ratio)
        self.start_percent = unit_fraction(start_percent, "start_percent")

    def value(self, base: Any, progress: int, total: int) -> float:
        start = round(total * self.start_percent)
        if progress < start:
            return base  # type: ignore[no-any-return]
        return cosine(base, self.target(base), (progress - start) / (total - start))


def unit_fraction(value: float, name: str) -> float:
    """`value`, which must be a float from 0 to 1; mmcv refuses the integers 0 and 1 as well."""
    if not isinstance(value, float) or not 0 <= value <= 1:
        raise ScheduleError(f"{name} must be a float between 0 and 1, got {value!r}")
    return value
