"""Compares two traces in causal order and names the first divergence. Nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmmigrate.compat.trace.causes import cause
from mmmigrate.compat.trace.differences import Differences
from mmmigrate.compat.trace.format import Row
from mmmigrate.compat.trace.reader import TraceReader
from mmmigrate.compat.trace.stages import RANK
from mmmigrate.compat.trace.steps import Step, Steps
from mmmigrate.compat.trace.ulp import APART, SAME, Distance
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
    def __init__(self, old: Steps, new: Steps, ulp: int) -> None:
        self.old, self.new, self.ulp = old, new, ulp
        self.first: Divergence | None = None
        self.unmeasured = False
        self.largest = SAME
        self.steps = 0
        self.differences = Differences(resumed=bool(old.reader.header.get("resumed")))

    def run(self) -> Comparison:
        for old, new in _paired(iter(self.old), iter(self.new)):
            if old is None or new is None:
                unfinished = self._unfinished(missing_in_new=new is None)
                if unfinished:
                    return self._unable(unfinished)
                self._take(_missing_step(old, new))
                break
            if self._both_nan(old.row, new.row):
                if self.first is None:
                    when = f"from iteration {old.iteration} on"
                    return self._unable(f"the loss of both runs is NaN {when}: equality says nothing")
                break
            for divergence in self._step(old, new):
                self._take(divergence)
            self.steps += old.iteration >= 0
        if self.first is None and self.steps == 0:
            return self._unable("the traces hold no iteration")
        return self._verdict()

    def _step(self, old: Step, new: Step) -> list[Divergence]:
        if not (old.events or new.events) and _same_row(old.row, new.row):
            return []
        found = self.differences.rows(old, new, all_digests=self.first is None)
        found += self.differences.events(old, new)
        return sorted(found, key=lambda divergence: RANK[divergence.stage])

    def _take(self, divergence: Divergence) -> None:
        if self.first is None:
            self.first = divergence
        reach = divergence.largest or divergence.distance
        if reach == APART:
            self.unmeasured = True
        elif self.largest != APART:
            so_far = self.largest
            self.largest = Distance(max(so_far.abs, reach.abs), max(so_far.rel, reach.rel), max(so_far.ulp, reach.ulp))
        if reach == APART and not divergence.digest_only and isinstance(divergence.old, float):
            self.largest = APART

    def _both_nan(self, old: Row | None, new: Row | None) -> bool:
        nan = self.differences.loss_is_nan
        return old is not None and new is not None and nan(old) and nan(new)

    def _unfinished(self, *, missing_in_new: bool) -> str:
        side = self.new if missing_in_new else self.old
        end = side.end
        if side.exhausted and end.status in ("killed", "failed") and self.first is None:
            which = "new" if missing_in_new else "old"
            return f"the {which} run ended after {self.steps} iterations ({end.status}): {end.detail}"
        return ""

    def _unable(self, reason: str) -> Comparison:
        return Comparison(NOT_COMPARED, self.steps, self.largest, None, reason, self.differences.noted())

    def _verdict(self) -> Comparison:
        if self.first is None:
            verdict = BIT_EQUAL
        elif not self.unmeasured and self.largest.ulp <= self.ulp:
            verdict = WITHIN_ULP
        else:
            verdict = DIVERGENT
        return Comparison(verdict, self.steps, self.largest, self.first, "", self.differences.noted())


def _same_row(old: Row | None, new: Row | None) -> bool:
    if old is None or new is None:
        return False
    return old.words == new.words and old.schema.columns == new.schema.columns


def _paired(old: Iterator[Step], new: Iterator[Step]) -> Iterator[tuple[Step | None, Step | None]]:
    """The steps of both by iteration; None where one has no such iteration."""
    a, b = next(old, None), next(new, None)
    while a is not None or b is not None:
        if a is not None and (b is None or a.iteration < b.iteration):
            yield a, None
            a = next(old, None)
        elif b is not None and (a is None or b.iteration < a.iteration):
            yield None, b
            b = next(new, None)
        else:
            yield a, b
            a, b = next(old, None), next(new, None)


def _missing_step(old: Step | None, new: Step | None) -> Divergence:
    iteration = old.iteration if old is not None else new.iteration if new is not None else 0
    ran_old, ran_new = "run" if old is not None else None, "run" if new is not None else None
    return Divergence(iteration, "data", "iteration", ran_old, ran_new, rule=cause("data", "iteration"))
