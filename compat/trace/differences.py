"""The differences of two steps: number by number, digest by digest, event by event."""

from __future__ import annotations

import math
from typing import Any

from mmmigrate.compat.trace.causes import cause
from mmmigrate.compat.trace.format import Column
from mmmigrate.compat.trace.pairing import Pairing
from mmmigrate.compat.trace.stages import INIT_ITERATION
from mmmigrate.compat.trace.steps import Step
from mmmigrate.compat.trace.structured import ABSENT, structured
from mmmigrate.compat.trace.ulp import APART, SAME, Distance, distance, tensor_distance
from mmmigrate.compat.trace.verdict import Divergence

_EXPECTED = ("version", "engine", "config")
"""What the headers of two runs of one proof differ in."""


class Differences:
    """Finds differences, and keeps as notes what differs without a difference in training."""

    def __init__(self, *, resumed: bool = False) -> None:
        self.resumed = resumed
        self._notes: dict[str, int | None] = {}

    def noted(self) -> tuple[str, ...]:
        return tuple(text if at is None else f"{text}, first at iteration {at}" for text, at in self._notes.items())

    def rows(self, old: Step, new: Step, pairing: Pairing, *, all_digests: bool) -> list[Divergence]:
        """The columns that differ, in causal order; digests if `all_digests` or if tensors are there to measure."""
        if old.row is None or new.row is None:
            return []
        found = []
        for column, side in pairing.missing:
            here, there = ("present", None) if side == "old" else (None, "present")
            found.append(_divergence(old.iteration, column, here, there, APART))
        a, b = old.row.values(), new.row.values()
        for column, i, j in pairing.numbers:
            if a[i] != b[j] or (a[i] == 0 and _negative(a[i]) != _negative(b[j])):
                gap = distance(float(a[i]), float(b[j]), column.kind)
                both_nan = a[i] != a[i] and b[j] != b[j]
                if not both_nan:
                    found.append(_divergence(old.iteration, column, a[i], b[j], gap))
        if all_digests or old.tensors:
            changed = [column for column, i, j in pairing.digests if a[i] != b[j]]
            measurable = [c for c in changed if all_digests or (c.stage, c.name) in old.tensors]
            found += filter(None, (self._digest(column, old, new) for column in measurable))
        return found

    def _digest(self, column: Column, old: Step, new: Step) -> Divergence | None:
        a, b = old.tensors.get((column.stage, column.name)), new.tensors.get((column.stage, column.name))
        rule = cause(column.stage, column.name)
        if a is None or b is None:
            return Divergence(old.iteration, column.stage, column.name, None, None, digest_only=True, rule=rule)
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            shapes = f"{a.dtype}{list(a.shape)}", f"{b.dtype}{list(b.shape)}"
            return Divergence(old.iteration, column.stage, column.name, shapes[0], shapes[1], rule=rule)
        gap = tensor_distance(a.dtype, a.shape, a.data, b.data)
        if gap is None:
            return None
        return Divergence(
            old.iteration,
            column.stage,
            column.name,
            gap.old,
            gap.new,
            gap.first,
            gap.place,
            rule=rule,
            largest=gap.largest,
        )

    def events(self, old: Step, new: Step) -> list[Divergence]:
        """Evaluations, checkpoints and options that differ or that only one run has."""
        found = []
        a, b = old.happenings(), new.happenings()
        for key in {**a, **b}:
            stage, name, _ = key
            if key not in a or key not in b:
                if self.resumed and stage == "evaluation" and old.iteration == INIT_ITERATION:
                    # v3 saves before it evaluates, so a resumed run makes up for the evaluation; v2's has done it
                    side = "old" if key in a else "new"
                    self.note(f"the resumed {side} run evaluates first, the other did before it was broken off", -1)
                    continue
                here, there = ("present", None) if key in a else (None, "present")
                found.append(Divergence(old.iteration, stage, name, here, there, rule=cause(stage, name)))
                continue
            found += self._values(old.iteration, stage, name, a[key], b[key])
        return found

    def _values(
        self, iteration: int, stage: str, name: str, old: dict[str, Any], new: dict[str, Any]
    ) -> list[Divergence]:
        found = []
        for leaf, a, b in structured(old, new):
            if ABSENT in (a, b) and self._only_noted(iteration, stage, name, leaf, "old" if b is ABSENT else "new"):
                continue
            gap = distance(float(a), float(b)) if _is_number(a) and _is_number(b) else APART
            if gap != SAME:
                where = f"{name}: {leaf}" if stage == "checkpoint" else leaf
                here, there = (None if side is ABSENT else side for side in (a, b))
                found.append(Divergence(iteration, stage, where, here, there, gap, rule=cause(stage, leaf)))
        return found

    def _only_noted(self, iteration: int, stage: str, name: str, leaf: str, side: str) -> bool:
        """Whether what only one side has makes no difference to training; it is noted then."""
        if stage == "checkpoint":
            if not name.startswith("best_"):  # v3 keeps best checkpoints without the optimizer
                self.note(f"checkpoints hold the {leaf} in the {side} run only", iteration)
            return True
        if stage == "init" and ".params" not in leaf:
            self.note(f"optimizer option {leaf} exists in the {side} run only", iteration)
            return True
        return False

    def facts(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        """Notes in what the runs themselves differ, according to the headers of their traces."""
        for leaf, a, b in structured(old, new):
            if leaf.partition(".")[0] not in _EXPECTED and ABSENT not in (a, b):
                self.note(f"the runs differ in {leaf}: {a} (old), {b} (new)", None)

    def note(self, text: str, iteration: int | None) -> None:
        self._notes.setdefault(text, iteration)


def _divergence(iteration: int, column: Column, old: Any, new: Any, gap: Distance) -> Divergence:
    return Divergence(iteration, column.stage, column.name, old, new, gap, rule=cause(column.stage, column.name))


def _negative(value: float) -> bool:
    return math.copysign(1.0, value) < 0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
