"""Which tensors differ, iteration by iteration: the map from the first wrong bit to where it spreads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmmigrate.compat.trace.format import Row
from mmmigrate.compat.trace.reader import TraceReader
from mmmigrate.compat.trace.steps import Step, Steps
from mmmigrate.compat.trace.ulp import APART, tensor_distance

MAX_COLUMNS = 240
MAX_ROWS = 200
EQUAL, UNEQUAL = 0, 1
"""Codes of cells; UNEQUAL is a tensor of which only digests are known. 2 + k: the largest distance has k bits."""
_STAGES = ("gradient", "step", "forward", "ema")


@dataclass(frozen=True, slots=True)
class Heat:
    """`cells[row][column]`: a code, or None where one run has no such tensor then; `columns`: first iterations."""

    rows: list[str]
    columns: list[int]
    cells: list[list[int | None]] = field(default_factory=list)


def heat_map(old: Path, new: Path, detail: tuple[Path, Path] | None = None) -> Heat | None:
    """The map of two traces; `detail` are traces of the same runs with full tensors, which give distances.

    None if nothing differs. Longer runs share columns, of which the largest code stays.
    """
    found: dict[str, dict[int, int]] = {}
    last = -1
    for a, b in _together(old, new):
        last = max(last, a.iteration)
        for name, code in _codes(a, b):
            found.setdefault(name, {})[a.iteration] = code
    for a, b in _together(*detail) if detail and all(path.exists() for path in detail) else ():
        for name, code in _measured(a, b):
            found.setdefault(name, {})[a.iteration] = code
    if not any(code for codes in found.values() for code in codes.values()):
        return None
    width = -(-(last + 1) // MAX_COLUMNS)
    names = sorted(found, key=lambda name: _first_difference(found[name]))[:MAX_ROWS]
    cells: list[list[int | None]] = []
    for name in names:
        line: list[int | None] = [None] * -(-(last + 1) // width)
        for iteration, code in found[name].items():
            line[iteration // width] = max(code, line[iteration // width] or EQUAL)
        cells.append(line)
    return Heat(names, list(range(0, last + 1, width)), cells)


def _first_difference(codes: dict[int, int]) -> int:
    return min((iteration for iteration, code in codes.items() if code), default=1 << 62)


def _together(old: Path, new: Path) -> Iterator[tuple[Step, Step]]:
    """The iterations that both traces have."""
    ours, theirs = iter(Steps(TraceReader(old))), iter(Steps(TraceReader(new)))
    a, b = next(ours, None), next(theirs, None)
    while a is not None and b is not None:
        if a.iteration == b.iteration and a.iteration >= 0:
            yield a, b
        ahead = a.iteration - b.iteration
        a = next(ours, None) if ahead <= 0 else a
        b = next(theirs, None) if ahead >= 0 else b


def _digests(row: Row | None) -> dict[str, int]:
    if row is None:
        return {}
    named = zip(row.schema.columns, row.values())
    return {f"{c.stage}: {c.name}": int(v) for c, v in named if c.kind == "digest" and c.stage in _STAGES}


def _codes(old: Step, new: Step) -> Iterator[tuple[str, int]]:
    same = old.row is not None and new.row is not None and old.row.words == new.row.words
    a = _digests(old.row)
    b = a if same else _digests(new.row)
    for name in a.keys() & b.keys():
        yield name, EQUAL if a[name] == b[name] else UNEQUAL


def _measured(old: Step, new: Step) -> Iterator[tuple[str, int]]:
    for key in old.tensors.keys() & new.tensors.keys():
        a, b = old.tensors[key], new.tensors[key]
        if key[0] not in _STAGES or (a.dtype, a.shape) != (b.dtype, b.shape):
            continue
        gap = tensor_distance(a.dtype, a.shape, a.data, b.data)
        if gap is not None:
            bits = 64 if gap.largest == APART else gap.largest.ulp.bit_length()
            yield f"{key[0]}: {key[1]}", 2 + bits
