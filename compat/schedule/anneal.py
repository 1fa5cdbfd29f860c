"""The two interpolations that the annealing policies share, rounded as mmcv 1.7.2 rounds them."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

from mmmigrate.compat.schedule.errors import ScheduleError
from mmmigrate.compat.suggest import did_you_mean

Anneal = Callable[[float, float, float], float]


def cosine(start: float, end: float, factor: float, weight: float = 1.0) -> float:
    """The value at `factor` (0 to 1) of half a cosine from `weight * start + (1 - weight) * end` down to `end`.

    >>> cosine(1.0, 0.0, 0.0), cosine(1.0, 0.0, 1.0)
    (1.0, 0.0)
    """
    return end + 0.5 * weight * (start - end) * (cos(pi * factor) + 1)


def linear(start: float, end: float, factor: float) -> float:
    """The value at `factor` (0 to 1) of a straight line from `start` to `end`.

    >>> linear(1.0, 0.0, 0.25)
    0.75
    """
    return start + (end - start) * factor


_STRATEGIES: dict[str, Anneal] = {"cos": cosine, "linear": linear}


def strategy(name: str) -> Anneal:
    """The interpolation that `anneal_strategy=name` selects ('cos' or 'linear')."""
    try:
        return _STRATEGIES[name]
    except KeyError:
        raise ScheduleError(f"anneal_strategy={name!r} is unknown{did_you_mean(str(name), _STRATEGIES)}") from None
