"""The policies that rise and fall: restarts, cycles and one-cycle, for rates and for momentum."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from mmmigrate.compat.schedule.anneal import Anneal, cosine, strategy
from mmmigrate.compat.schedule.errors import ScheduleError
from mmmigrate.compat.schedule.policies import Floored, Policy, unit_fraction


class CosineRestart(Floored):
    """A half cosine in each of `periods`, each starting from `restart_weights[i]` of the way from floor to base."""

    def __init__(
        self,
        periods: Sequence[int],
        restart_weights: Sequence[float] = (1,),
        floor: float | None = None,
        floor_ratio: float | None = None,
    ) -> None:
        super().__init__(floor, floor_ratio)
        if len(periods) != len(restart_weights):
            raise ScheduleError(
                f"periods and restart_weights must be equally long, got {len(periods)} and {len(restart_weights)}"
            )
        self.periods, self.restart_weights = periods, restart_weights
        self.cumulative_periods = list(accumulate(periods))

    def value(self, base: Any, progress: int, total: int) -> float:
        index = bisect_right(self.cumulative_periods, progress)
        if index == len(self.periods):
            raise ScheduleError(
                f"the run is at {progress}, past the end of the periods {list(self.periods)}: lengthen or add periods"
            )
        start = self.cumulative_periods[index - 1] if index else 0
        fraction = min((progress - start) / self.periods[index], 1)
        return cosine(base, self.target(base), fraction, self.restart_weights[index])


class Cyclic(Policy):
    """`cyclic_times` equal cycles of iterations: base to `target_ratio[0]` times base, then to `target_ratio[1]`.

    The rise takes `step_ratio_up` of a cycle; the distance from the base shrinks by `gamma` each cycle.
    """

    default_by_epoch = False

    def __init__(
        self,
        target_ratio: float | tuple[float, ...] = (10, 1e-4),
        cyclic_times: int = 1,
        step_ratio_up: float = 0.4,
        anneal_strategy: str = "cos",
        gamma: float = 1,
    ) -> None:
        self.target_ratio = _ratio_pair(target_ratio)
        if not 0 <= step_ratio_up < 1.0:
            raise ScheduleError(f'"step_ratio_up" must be in range [0, 1), got {step_ratio_up!r}')
        if not 0 < gamma <= 1:
            raise ScheduleError(f'"gamma" must be in range (0, 1], got {gamma!r}')
        self.cyclic_times, self.step_ratio_up, self.gamma = cyclic_times, step_ratio_up, gamma
        self.anneal_func: Anneal = strategy(anneal_strategy)

    def value(self, base: Any, progress: int, total: int) -> float:
        cycle_iters = total // self.cyclic_times
        cycle, offset = divmod(progress, cycle_iters)
        scale = self.gamma**cycle
        up_iters = int(self.step_ratio_up * cycle_iters)
        if offset < up_iters:
            start, end, ratios = 0, up_iters, (1.0, self.target_ratio[0])
        else:
            start, end, ratios = up_iters, cycle_iters, self.target_ratio
        first, last = ratios
        # without a rise the fall begins at 0, and mmcv then scales its far end instead of its peak
        if start == 0:
            last = 1 - scale + last * scale
        else:
            first = 1 - scale + first * scale
        return self.anneal_func(base * first, base * last, (offset - start) / (end - start))


class OneCycle(Policy):
    """One rise from `max_lr / div_factor` to `max_lr` and one fall far below, over `total_steps` iterations.

    The base values come from `max_lr`, not from the optimizer.
    """

    default_by_epoch = False

    def __init__(
        self,
        max_lr: float | list[float] | dict[str, Any],
        total_steps: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if not isinstance(max_lr, int | float | list | dict):
            raise ScheduleError(f"max_lr must be a number, a list or a dict, got {max_lr!r}")
        if total_steps is not None and not isinstance(total_steps, int):
            raise ScheduleError(f"total_steps must be an integer, got {total_steps!r}")
        self.max_lr, self.total_steps = max_lr, total_steps
        self.pct_start = unit_fraction(pct_start, "pct_start")
        self.anneal_func: Anneal = strategy(anneal_strategy)
        self.div_factor, self.final_div_factor, self.three_phase = div_factor, final_div_factor, three_phase

    def bases(self, initial: Sequence[float], name: str = "") -> list[Any]:
        return [peak / self.div_factor for peak in per_group(self.max_lr, len(initial), name)]

    def steps(self, max_iters: int) -> int:
        """The length of the cycle in iterations; an error if it is shorter than the run."""
        steps = max_iters if self.total_steps is None else self.total_steps
        if steps < max_iters:
            raise ScheduleError(f"total_steps={steps} is less than the run's {max_iters} iterations: raise it")
        return steps

    def value(self, base: Any, progress: int, total: int) -> float:
        start: float = 0
        for end, first, last in self._phases(self.steps(total)):
            if progress <= end:
                return self.anneal_func(base * first, base * last, (progress - start) / (end - start))
            start = end
        raise ScheduleError(f"iteration {progress} lies past the end of the one cycle at {start:g}")

    def _phases(self, steps: int) -> list[tuple[float, float, float]]:
        """(last iteration, factor at its start, factor at its end) of each phase."""
        peak, final = self.div_factor, 1 / self.final_div_factor
        rise = (float(self.pct_start * steps) - 1, 1, peak)
        if not self.three_phase:
            return [rise, (steps - 1, peak, final)]
        return [rise, (float(2 * self.pct_start * steps) - 2, peak, 1), (steps - 1, 1, final)]


class OneCycleMomentum(Policy):
    """The mirror of one-cycle for momentum: from `max_momentum` down to `base_momentum` and back up."""

    default_by_epoch = False

    def __init__(
        self,
        base_momentum: float | list[float] | dict[str, Any] = 0.85,
        max_momentum: float | list[float] | dict[str, Any] = 0.95,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        three_phase: bool = False,
    ) -> None:
        for name, value in (("base_momentum", base_momentum), ("max_momentum", max_momentum)):
            if not isinstance(value, float | list | dict):
                raise ScheduleError(f"{name} must be a float, a list or a dict, got {value!r}")
        self.low, self.high = base_momentum, max_momentum
        self.pct_start = unit_fraction(pct_start, "pct_start")
        self.anneal_func: Anneal = strategy(anneal_strategy)
        self.three_phase = three_phase

    def bases(self, initial: Sequence[float], name: str = "") -> list[Any]:
        """A pair (lowest, highest) for each group."""
        count = len(initial)
        return list(zip(per_group(self.low, count, name), per_group(self.high, count, name)))

    def value(self, base: Any, progress: int, total: int) -> float:
        low, high = base
        phases = self._phases(low, high, total)
        index = next((i for i, phase in enumerate(phases) if progress <= phase[0]), len(phases) - 1)
        start = phases[index - 1][0] if index else 0
        end, first, last = phases[index]
        return self.anneal_func(first, last, (progress - start) / (end - start))

    def _phases(self, low: float, high: float, total: int) -> list[tuple[float, float, float]]:
        fall = (float(self.pct_start * total) - 1, high, low)
        if not self.three_phase:
            return [fall, (total - 1, low, high)]
        return [fall, (float(2 * self.pct_start * total) - 2, low, high), (total - 1, high, high)]


def per_group(value: Any, count: int, name: str) -> list[float]:
    """`value` for each of `count` groups: a number for all, a list with one each, or a dict of those by optimizer."""
    if isinstance(value, int | float):
        return [value] * count
    if isinstance(value, list | tuple):
        if len(value) != count:
            raise ScheduleError(f"expected {count} values for {name}, got {len(value)}")
        return list(value)
    if name not in value:
        raise KeyError(f"{name} is not found in {list(value)}")
    return per_group(value[name], count, name)


def _ratio_pair(ratio: float | tuple[float, ...]) -> tuple[float, float]:
    if isinstance(ratio, float):
        return ratio, ratio / 1e5
    if not isinstance(ratio, tuple) or len(ratio) not in (1, 2):
        raise ScheduleError(f"target_ratio must be a float or a tuple of one or two, got {ratio!r}")
    return (ratio[0], ratio[0] / 1e5) if len(ratio) == 1 else (ratio[0], ratio[1])
