"""The curves of two traces, side by side, as the report draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mmmigrate.compat.trace.reader import Curves

MAX_BUCKETS = 1000
"""A longer curve is thinned to this many buckets, of each of which the extremes stay."""

Number = float | None
_SHOWN = (("loss", "loss", "Loss"), ("schedule", "lr", "Learning rate"), ("gradient", "norm", "Gradient norm"))
MAX_GROUPS = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """One quantity over the iterations `x`; None where a run has no finite value.

    `diff` is the absolute difference, None where it is 0; `unequal` counts the iterations that differ.
    """

    title: str
    x: list[int]
    old: list[Number]
    new: list[Number]
    diff: list[Number]
    largest: float
    unequal: int


def charts(old: Curves, new: Curves) -> list[Chart]:
    """Loss, learning rates (each distinct course of the groups once) and gradient norm, if either trace has them."""
    made: list[Chart] = []
    for stage, start, title in _SHOWN:
        names = [name for at, name in {**old.numbers, **new.numbers} if at == stage and _belongs(name, start)]
        courses: list[Chart] = []
        for name in names:
            label = title if len(names) == 1 else f"{title}, {name}"
            chart = chart_of(label, old.numbers.get((stage, name)), new.numbers.get((stage, name)))
            if not any((chart.old, chart.new) == (seen.old, seen.new) for seen in courses):
                courses.append(chart)
        made += courses[:MAX_GROUPS]
    return made


def _belongs(name: str, start: str) -> bool:
    return name == start or (f".{name}".partition("[")[0].endswith(f".{start}") and "[" in name)


def chart_of(
    title: str, old: tuple[Sequence[int], Sequence[float]] | None, new: tuple[Sequence[int], Sequence[float]] | None
) -> Chart:
    """The chart of one quantity from its (iterations, values) in either run."""
    left, right = dict(zip(*(old or ((), ())))), dict(zip(*(new or ((), ()))))
    x = sorted(left.keys() | right.keys())
    gaps = [_gap(left.get(i), right.get(i)) for i in x]
    keep = _kept([left.get(i, math.nan) for i in x], gaps)
    return Chart(
        title,
        [x[i] for i in keep],
        [_finite(left.get(x[i])) for i in keep],
        [_finite(right.get(x[i])) for i in keep],
        [_finite(gaps[i]) or None for i in keep],
        max((gap for gap in gaps if not math.isnan(gap)), default=0.0),
        sum(1 for gap in gaps if gap != 0),
    )


def _gap(old: float | None, new: float | None) -> float:
    if old is None or new is None:
        return math.nan
    return 0.0 if old == new or (math.isnan(old) and math.isnan(new)) else abs(new - old)


def _finite(value: float | None) -> Number:
    return value if value is not None and math.isfinite(value) else None


def _kept(values: list[float], gaps: list[float]) -> list[int]:
    """The places to draw: all, or of each bucket the first, the lowest, the highest and that of the largest gap."""
    count = len(values)
    if count <= 4 * MAX_BUCKETS:
        return list(range(count))
    kept: set[int] = set()
    for bucket in range(MAX_BUCKETS):
        places = range(bucket * count // MAX_BUCKETS, (bucket + 1) * count // MAX_BUCKETS)
        kept |= {
            places[0],
            min(places, key=values.__getitem__),
            max(places, key=values.__getitem__),
            max(places, key=gaps.__getitem__),
        }
    return sorted(kept)
