"""How far mmengine's recurrence strays from mmcv's closed form over a run, by doing both.

Each step of a recurrence rounds. Most errors cancel, but those of a straight line (power 1) add up: some 5e-18 of the
peak each iteration, so that a run of 200,000 may go past 1e-12.
"""

from __future__ import annotations

from functools import lru_cache

LIMIT = 1e-12
# Up to these many iterations the drift is a tenth of the limit at most (measured at powers from 0.5 to 2).
_STRAIGHT, _CURVED = 20_000, 1_000_000


def poly_strays(
    length: int, power: float, floor: float, base: float, warmup: str | None, warmup_iters: int, ratio: float
) -> bool:
    """Whether PolyLR over `length` iterations from `base`, or from a tenth of it, leaves mmcv's values by 1e-12."""
    if length <= (_STRAIGHT if power > 0.95 else _CURVED):
        return False
    warm = (warmup_iters, ratio) if warmup == "linear" else (0, 1.0)
    return any(_poly_drift(length, power, floor, lr, *warm) > 0.9 * LIMIT for lr in (base, base * 0.1))


@lru_cache(256)
def _poly_drift(length: int, power: float, floor: float, base: float, warmup_iters: int, ratio: float) -> float:
    """The worst deviation relative to `base`, in mmengine's order of operations and in mmcv's."""
    value, worst = base * ratio if warmup_iters else base, 0.0
    for i in range(length):
        regular = (base - floor) * (1 - i / length) ** power + floor
        if i < warmup_iters:
            regular *= 1 - (1 - i / warmup_iters) * (1 - ratio)
        stray = abs(value - regular)
        if stray > worst:
            worst = stray
        if i < warmup_iters:
            value *= 1.0 + (1.0 - ratio) / (warmup_iters * ratio + i * (1.0 - ratio))
        value = (value - floor) * (1 - 1 / (length - i)) ** power + floor
    return worst / base
