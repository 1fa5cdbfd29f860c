"""Compares two traces in causal order and names the first divergence. Nothing is rounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmmigrate.compat.trace.causes import cause
from mmmigrate.compat.trace.decoding import Rows
from mmmigrate.compat.trace.differences import Differences
from mmmigrate.compat.trace.format import Schema
from mmmigrate.compat.trace.pairing import Mask, Pairing
from mmmigrate.compat.trace.reader import TraceReader
from mmmigrate.compat.trace.stages import RANK
from mmmigrate.compat.trace.steps import Steps
from mmmigrate.compat.trace.ulp import APART, SAME, Distance, tensor_distance
from mmmigrate.compat.trace.verdict import BIT_EQUAL, DIVERGENT, NOT_COMPARED, WITHIN_ULP, Comparison, Divergence


def compare(old: str | Path, new: str | Path, *, ulp: int = 0) -> Comparison:
    """The verdict on the traces `old` and `new`. Differences of at most `ulp` units in the last place: `within-ulp`.

    An iteration that only one of them has is a divergence, unless the other run was killed or failed: then nothing can
    be said about the rest, and the verdict is `not-compared`. So it is when the loss of both is NaN. Raises
    TraceError for unreadable files.
    """
    sides = Steps(TraceReader(old)), Steps(TraceReader(new))
    return _Comparing(*sides, ulp).run()


class _Comparing:
    """Goes through both traces, many rows at a time: rows of equal bits are never looked at one by one."""

    def __init__(self, old: Steps, new: Steps, ulp: int) -> None:
        self.old, self.new, self.ulp = old, new, ulp
        self.first: Divergence | None = None
        self.unmeasured = False
        self.largest = SAME
        self.steps = 0
        self.differences = Differences(resumed=bool(old.reader.header.get("resumed")))
        self.differences.facts(old.reader.header, new.reader.header)
        self._pairings: dict[tuple[int, int], tuple[Schema, Schema, Pairing]] = {}

    def run(self) -> Comparison:
        while True:
            old, new = self.old.head(), self.new.head()
            if old is None and new is None:
                break
            together = 0 if old is None or new is None else _together(old, new)
            if old is None or new is None or not together:
                reason = self._missing(old, new)
                if reason:
                    return self._unable(reason)
                break
            old, new = old[:together], new[:together]
            nan_from = self._rows(old, new)
            if nan_from is not None:
                if self.first is None:
                    when = f"from iteration {nan_from} on"
                    return self._unable(f"the loss of both runs is NaN {when}: equality says nothing")
                break
            self.old.take(together)
            self.new.take(together)
        if self.first is None and self.steps == 0:
            return self._unable("the traces hold no iteration")
        return self._verdict()

    def _pairing(self, old: Schema, new: Schema) -> Pairing:
        key = id(old), id(new)
        if key not in self._pairings:
            self._pairings[key] = old, new, Pairing(old, new)  # kept, so that no other schema gets their ids
        return self._pairings[key][2]

    def _rows(self, old: Rows, new: Rows) -> int | None:
        """Compares rows of the same iterations; the iteration from which on both losses are NaN, where it ends."""
        pairing = self._pairing(old.schema, new.schema)
        nan = np.flatnonzero(pairing.loss_is_nan(old, new))
        stop = int(nan[0]) if len(nan) else len(old)
        nan_from = int(old.iterations[stop]) if len(nan) else None
        old, new = old[:stop], new[:stop]
        self.steps += int(np.count_nonzero(old.iterations >= 0))
        self._note(pairing, old, new)
        differing = pairing.differing(old, new)
        happens = self._happens(old, new)
        for index in np.flatnonzero(differing | happens).tolist():
            if self.first is None or happens[index]:
                self._step(pairing, old, new, index)
                differing[index] = False
            else:
                self._reach_of_tensors(pairing, old, new, index)
        if self.first is not None and differing.any():
            where = np.flatnonzero(differing)
            self._reach(pairing.largest(old.at(where), new.at(where)))
        return nan_from

    def _happens(self, old: Rows, new: Rows) -> Mask:
        """For each row, whether either run has events in its iteration."""
        mask = np.zeros(len(old), np.bool_)
        if self.old.beside or self.new.beside:
            sides = self.old.beside, self.new.beside
            eventful = {i for beside in sides for i, found in beside.items() if found.events}
            mask[:] = [i in eventful for i in old.iterations.tolist()] if eventful else False
        return mask

    def _reach_of_tensors(self, pairing: Pairing, old: Rows, new: Rows, index: int) -> None:
        """The distances of the stored tensors of a row after the first divergence."""
        iteration = int(old.iterations[index])
        if iteration not in self.old.beside or iteration not in self.new.beside:
            return
        ours, theirs = self.old.beside[iteration].tensors, self.new.beside[iteration].tensors
        for key, kept in ours.items():
            place, other = pairing.place.get(key), theirs.get(key)
            if place is None or old.words[index, place.old] == new.words[index, place.new]:
                continue
            if other is None or key[0] == "data" or (kept.dtype, kept.shape) != (other.dtype, other.shape):
                self.unmeasured = True
                continue
            gap = tensor_distance(kept.dtype, kept.shape, kept.data, other.data)
            self._reach(SAME if gap is None else gap.largest)

    def _note(self, pairing: Pairing, old: Rows, new: Rows) -> None:
        for column, side in pairing.noted if len(old) else ():
            text = f"{column.stage}: {column.name} is recorded in the {side} run only"
            self.differences.note(text, int(old.iterations[0]))
        for column, i, j in pairing.generators:
            where = np.flatnonzero(old.words[:, i] != new.words[:, j])
            if len(where):
                text = f"the state of the generator {column.name.removeprefix('rng.')} differs"
                self.differences.note(text, int(old.iterations[where[0]]))

    def _step(self, pairing: Pairing, old: Rows, new: Rows, index: int) -> None:
        a, b = self.old.step(old, index), self.new.step(new, index)
        found = self.differences.rows(a, b, pairing, all_digests=self.first is None)
        found += self.differences.events(a, b)
        for divergence in sorted(found, key=lambda divergence: RANK[divergence.stage]):
            self._take(divergence)

    def _take(self, divergence: Divergence) -> None:
        if self.first is None:
            self.first = divergence
        reach = divergence.largest or divergence.distance
        if divergence.stage == "data":  # other samples: how far their indices are apart says nothing
            self.unmeasured = True
        elif reach != APART or (not divergence.digest_only and isinstance(divergence.old, float)):
            self._reach(reach)
        else:
            self.unmeasured = True

    def _reach(self, reach: Distance) -> None:
        self.largest = self.largest.joined(reach)
        self.unmeasured = self.unmeasured or reach == APART

    def _missing(self, old: Rows | None, new: Rows | None) -> str:
        """Takes note of an iteration that one run lacks; why nothing can be said, if that is because it broke off."""
        in_old = new is None or (old is not None and old.iterations[0] < new.iterations[0])
        ran = old if in_old else new
        side = self.new if in_old else self.old
        if (old is None or new is None) and side.end.status in ("killed", "failed") and self.first is None:
            which = "new" if in_old else "old"
            return f"the {which} run ended after {self.steps} iterations ({side.end.status}): {side.end.detail}"
        here, there = ("run", None) if in_old else (None, "run")
        iteration = int(ran.iterations[0]) if ran is not None else 0
        self._take(Divergence(iteration, "data", "iteration", here, there, rule=cause("data", "iteration")))
        return ""

    def _unable(self, reason: str) -> Comparison:
        return Comparison(NOT_COMPARED, self.steps, self.largest, None, reason, self._notes())

    def _verdict(self) -> Comparison:
        if self.first is None:
            verdict = BIT_EQUAL
        elif not self.unmeasured and self.largest.ulp <= self.ulp:
            verdict = WITHIN_ULP
        else:
            verdict = DIVERGENT
        return Comparison(verdict, self.steps, self.largest, self.first, "", self._notes())

    def _notes(self) -> tuple[str, ...]:
        """What differs without a difference in training, and traces that could not be read to their end."""
        sides = ("old", self.old), ("new", self.new)
        cut = [f"the last record of the {name} trace is cut short: read up to it" for name, side in sides
               if side.reader.truncated]  # fmt: skip
        return (*self.differences.noted(), *cut)


def _together(old: Rows, new: Rows) -> int:
    """How many of the next rows are of the same iterations."""
    count = min(len(old), len(new))
    equal = old.iterations[:count] == new.iterations[:count]
    return count if equal.all() else int(np.argmin(equal))
