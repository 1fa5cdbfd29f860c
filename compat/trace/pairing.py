"""The columns of two schemas side by side, and what differs in many rows of them at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmmigrate.compat.trace.chunks import EMPTY
from mmmigrate.compat.trace.decoding import Rows
from mmmigrate.compat.trace.format import Column, Schema
from mmmigrate.compat.trace.ulp import APART, SAME, Distance, coarser, series_distance

Mask = npt.NDArray[np.bool_]
_LOSS = ("loss", "loss")


class Shared(NamedTuple):
    """A column of both schemas with its place in either; its kind is that of the lower precision."""

    column: Column
    old: int
    new: int


class Pairing:
    """What two schemas share: `numbers`, `digests`, and digests of `generators`, whose difference is only noted.

    `missing` are the columns of one side with that side's name; `noted` those of them whose absence says nothing
    about training: extra log variables, and what one engine hides.
    """

    def __init__(self, old: Schema, new: Schema) -> None:
        places = {(c.stage, c.name): (j, c.kind) for j, c in enumerate(new.columns)}
        shared: list[Shared] = []
        for i, column in enumerate(old.columns):
            if (column.stage, column.name) in places:
                j, kind = places[column.stage, column.name]
                shared.append(Shared(column._replace(kind=coarser(column.kind, kind)), i, j))
        self.numbers = [one for one in shared if one.column.kind != "digest"]
        digests = [one for one in shared if one.column.kind == "digest"]
        self.generators = [one for one in digests if one.column.name.startswith("rng.")]
        self.digests = [one for one in digests if not one.column.name.startswith("rng.")]
        self.place = {(one.column.stage, one.column.name): one for one in self.digests}
        counted = [*self.numbers, *self.digests]
        self._counted = np.array([one.old for one in counted], int), np.array([one.new for one in counted], int)
        self._loss = next((one for one in self.numbers if (one.column.stage, one.column.name) == _LOSS), None)
        absent = [] if EMPTY in (old, new) else _absent(old, new, {one.column[:2] for one in shared})
        self.noted = [(column, side) for column, side in absent if _says_nothing(column)]
        self.missing = [(column, side) for column, side in absent if not _says_nothing(column)]

    def differing(self, old: Rows, new: Rows) -> Mask:
        """For each row, whether anything that counts differs in its bits, or exists in one run only."""
        if self.missing:
            return np.ones(len(old), np.bool_)
        i, j = self._counted
        mask: Mask = (old.words[:, i] != new.words[:, j]).any(axis=1)
        return mask

    def loss_is_nan(self, old: Rows, new: Rows) -> Mask:
        """For each row, whether the loss is NaN in both."""
        if self._loss is None:
            return np.zeros(len(old), np.bool_)
        mask: Mask = np.isnan(floats(old, self._loss.old)) & np.isnan(floats(new, self._loss.new))
        return mask

    def largest(self, old: Rows, new: Rows) -> Distance:
        """The largest distance of any two numbers; APART if a number stands against NaN."""
        found = SAME
        for column, i, j in self.numbers:
            differs = old.words[:, i] != new.words[:, j]
            if differs.any():
                a, b = floats(old, i)[differs], floats(new, j)[differs]
                found = found.joined(series_distance(a, b, column.kind))
                if found == APART:
                    break
        return found


def floats(rows: Rows, place: int) -> npt.NDArray[np.float64]:
    """A column of numbers as they are."""
    kind = rows.schema.columns[place].kind
    words = np.ascontiguousarray(rows.words[:, place])
    return words.view(np.int64).astype(np.float64) if kind == "i8" else words.view(np.float64)


def _absent(old: Schema, new: Schema, shared: set[Any]) -> list[tuple[Column, str]]:
    lone = [(column, "old") for column in old.columns if column[:2] not in shared]
    return lone + [(column, "new") for column in new.columns if column[:2] not in shared]


def _says_nothing(column: Column) -> bool:
    return (column.stage == "loss" and column.name != "loss") or column.stage == "data"
