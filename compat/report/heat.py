"""Which tensors differ, iteration by iteration: the map from the first wrong bit to where it spreads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mmmigrate.compat.trace.decoding import Rows
from mmmigrate.compat.trace.pairing import Pairing
from mmmigrate.compat.trace.reader import TraceReader
from mmmigrate.compat.trace.steps import Steps
from mmmigrate.compat.trace.ulp import APART, tensor_distance

MAX_COLUMNS = 240
MAX_ROWS = 200
EQUAL, UNEQUAL = 0, 1
"""Codes of cells; UNEQUAL is a tensor of which only digests are known. 2 + k: the largest distance has k bits."""
_STAGES = ("gradient", "step", "forward", "ema")
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Heat:
    """`cells[row][column]`: a code, or None where one run has no such tensor then; `columns`: first iterations.

    The rows are the tensors that differ somewhere; `equal` counts the others.
    """

    rows: list[str]
    columns: list[int]
    cells: list[list[int | None]] = field(default_factory=list)
    equal: int = 0


def heat_map(old: Path, new: Path, detail: tuple[Path, Path] | None = None) -> Heat | None:
    """The map of two traces; `detail` are traces of the same runs with full tensors, which give distances.

    None if nothing differs. Longer runs share columns, of which the largest code stays.
    """
    bins = _Bins()
    for a, b in _together(old, new):
        pairing = Pairing(a.schema, b.schema)
        shown = [one for one in pairing.digests if one.column.stage in _STAGES]
        if shown:
            names = [f"{one.column.stage}: {one.column.name}" for one in shown]
            ours, theirs = a.words[:, [one.old for one in shown]], b.words[:, [one.new for one in shown]]
            bins.add(names, a.iterations, np.where(ours != theirs, UNEQUAL, EQUAL))
    for name, iteration, code in _measured(*detail) if detail and all(path.exists() for path in detail) else ():
        bins.add([name], np.array([iteration]), np.array([[code]]))
    return bins.heat()


class _Bins:
    """The largest code of each tensor in each column; columns grow wider when a run turns out to be longer."""

    def __init__(self) -> None:
        self.width = 1
        self.last = -1
        self.codes: dict[str, npt.NDArray[np.int64]] = {}
        self.first: dict[str, int] = {}

    def add(self, names: list[str], iterations: npt.NDArray[np.int64], codes: npt.NDArray[np.int64]) -> None:
        """`codes` has the shape (iterations, names); iterations rise."""
        self.last = max(self.last, int(iterations[-1]))
        while self.last // self.width >= MAX_COLUMNS:
            self.width *= 2
            self.codes = {name: _halved(line) for name, line in self.codes.items()}
        columns, starts = np.unique(iterations // self.width, return_index=True)
        largest = np.maximum.reduceat(codes, starts, axis=0)
        for place, name in enumerate(names):
            line = self.codes.setdefault(name, np.full(MAX_COLUMNS, _NOWHERE))
            line[columns] = np.maximum(line[columns], largest[:, place])
            if name not in self.first and largest[:, place].any():
                self.first[name] = int(iterations[np.flatnonzero(codes[:, place])[0]])

    def heat(self) -> Heat | None:
        """The tensors that differ first come first; None if none does."""
        if not self.first:
            return None
        names = sorted(self.first, key=self.first.__getitem__)[:MAX_ROWS]
        count = self.last // self.width + 1
        cells = [[None if code == _NOWHERE else code for code in self.codes[name][:count].tolist()] for name in names]
        columns = [column * self.width for column in range(count)]
        return Heat(names, columns, cells, len(self.codes) - len(self.first))


def _halved(line: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    pairs = line.reshape(-1, 2).max(axis=1)
    return np.concatenate([pairs, np.full(len(line) - len(pairs), _NOWHERE)])


def _together(old: Path, new: Path) -> Iterator[tuple[Rows, Rows]]:
    """The rows of the training iterations that both traces have, many at a time."""
    for a, b, _, _ in _sides(Steps(TraceReader(old)), Steps(TraceReader(new))):
        yield a, b


def _sides(ours: Steps, theirs: Steps) -> Iterator[tuple[Rows, Rows, Steps, Steps]]:
    while (a := ours.head()) is not None and (b := theirs.head()) is not None:
        count = min(len(a), len(b))
        equal = a.iterations[:count] == b.iterations[:count]
        count = count if equal.all() else int(np.argmin(equal))
        if count:
            if a.iterations[0] >= 0:
                yield a[:count], b[:count], ours, theirs
            ours.take(count)
            theirs.take(count)
        elif a.iterations[0] < b.iterations[0]:
            ours.take(1)
        else:
            theirs.take(1)


def _measured(old: Path, new: Path) -> Iterator[tuple[str, int, int]]:
    """The tensors that both traces hold and that differ: name, iteration, code of the largest distance."""
    for rows, _, ours, theirs in _sides(Steps(TraceReader(old)), Steps(TraceReader(new))):
        for iteration in rows.iterations.tolist():
            if iteration not in ours.beside or iteration not in theirs.beside:
                continue
            here, there = ours.beside[iteration].tensors, theirs.beside[iteration].tensors
            for key in here.keys() & there.keys():
                a, b = here[key], there[key]
                if key[0] in _STAGES and (a.dtype, a.shape) == (b.dtype, b.shape):
                    gap = tensor_distance(a.dtype, a.shape, a.data, b.data)
                    if gap is not None:
                        bits = 64 if gap.largest == APART else gap.largest.ulp.bit_length()
                        yield f"{key[0]}: {key[1]}", iteration, 2 + bits
