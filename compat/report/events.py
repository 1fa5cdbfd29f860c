"""Evaluations, checkpoints and the number of compared quantities, as tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from mmmigrate.compat.trace.format import Event
from mmmigrate.compat.trace.reader import TraceReader
from mmmigrate.compat.trace.stages import STAGES


class Happening(NamedTuple):
    """One row of a table: what each run had at that iteration; `equal` compares exactly."""

    iteration: int
    name: str
    old: Any
    new: Any
    equal: bool


def evaluations(old: list[Event], new: list[Event]) -> list[Happening]:
    """Every metric of every evaluation of either run."""
    left, right = _metrics(old), _metrics(new)
    return _rows(left, right)


def checkpoints(old: list[Event], new: list[Event]) -> list[Happening]:
    """Every checkpoint that either run wrote."""
    left = {(event.iteration, event.name): "written" for event in old if event.stage == "checkpoint"}
    right = {(event.iteration, event.name): "written" for event in new if event.stage == "checkpoint"}
    return _rows(left, right)


def _metrics(events: list[Event]) -> dict[tuple[int, str], Any]:
    found = [event for event in events if event.stage == "evaluation"]
    return {(event.iteration, key): value for event in found for key, value in event.values.items()}


def _rows(left: dict[tuple[int, str], Any], right: dict[tuple[int, str], Any]) -> list[Happening]:
    keys = sorted(left.keys() | right.keys())
    return [Happening(*key, left.get(key), right.get(key), repr(left.get(key)) == repr(right.get(key))) for key in keys]


def quantities(trace: Path) -> list[tuple[str, int]]:
    """How many quantities of each stage the trace has in its fullest iteration, in causal order."""
    fullest: Counter[str] = Counter()
    seen: set[int] = set()
    for chunk in TraceReader(trace).chunks():
        for rows in chunk.parts:
            if rows.iterations[-1] >= 0 and id(rows.schema) not in seen:
                seen.add(id(rows.schema))
                named = [column.stage for column in rows.schema.columns if not column.name.startswith("rng.")]
                fullest |= Counter(named)
    return [(stage, fullest[stage]) for stage in STAGES if fullest[stage]]
