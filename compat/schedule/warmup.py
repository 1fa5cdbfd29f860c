"""Warm-up: the factor that multiplies a regular rate, or divides a regular momentum, in the first iterations."""

from __future__ import annotations

from mmmigrate.compat.schedule.errors import ScheduleError
from mmmigrate.compat.suggest import did_you_mean

KINDS = ("constant", "linear", "exp")


def warmup_factor(kind: str, iteration: int, warmup_iters: int, ratio: float) -> float:
    """The factor at `iteration` (0-based, below `warmup_iters`) of a warm-up that starts at `ratio` and ends at 1.

    >>> [warmup_factor("linear", i, 4, 0.5) for i in range(4)]
    [0.5, 0.625, 0.75, 0.875]
    """
    if kind == "constant":
        return ratio
    if kind == "linear":
        return 1 - (1 - iteration / warmup_iters) * (1 - ratio)
    if kind == "exp":
        return ratio ** (1 - iteration / warmup_iters)  # type: ignore[no-any-return]
    raise ScheduleError(f'"{kind}" is not a type of warm-up{did_you_mean(str(kind), KINDS)}')


def check_warmup(kind: str | None, warmup_iters: int, ratio: float) -> None:
    """Raise `ScheduleError` unless the three arguments describe a warm-up, or none (`kind` is None)."""
    if kind is None:
        return
    if kind not in KINDS:
        raise ScheduleError(f'"{kind}" is not a supported type of warm-up{did_you_mean(str(kind), KINDS)}')
    if warmup_iters <= 0:
        raise ScheduleError(f'"warmup_iters" must be a positive integer, got {warmup_iters!r}')
    if not 0 < ratio <= 1.0:
        raise ScheduleError(f'"warmup_ratio" must be in range (0, 1], got {ratio!r}')
