"""What a comparison found, as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.compat.trace.ulp import APART, SAME, Distance

BIT_EQUAL = "bit-equal"
WITHIN_ULP = "within-ulp"
DIVERGENT = "divergent"
NOT_COMPARED = "not-compared"
EXIT_CODES = {BIT_EQUAL: 0, WITHIN_ULP: 0, DIVERGENT: 1, NOT_COMPARED: 2}


@dataclass(frozen=True, slots=True)
class Divergence:
    """One difference. `old` and `new` are None for what is missing there, or with `digest_only`.

    For a tensor, `index` is the first element that differs and `distance` its distance; `largest` is that of any.
    """

    iter: int
    stage: str
    name: str
    old: Any
    new: Any
    distance: Distance = APART
    index: tuple[int, ...] | None = None
    digest_only: bool = False
    rule: str = ""
    largest: Distance | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "iter": self.iter,
            "stage": self.stage,
            "name": self.name,
            "index": None if self.index is None else list(self.index),
            "old": json_number(self.old),
            "new": json_number(self.new),
            "abs": json_number(self.distance.abs),
            "rel": json_number(self.distance.rel),
            "ulp": self.distance.ulp if self.distance != APART else None,
            "rule": self.rule,
        }

    def __str__(self) -> str:
        where = f"{self.stage}: {self.name}" + ("" if self.index is None else str(list(self.index)))
        when = "before the first iteration" if self.iter < 0 else f"iteration {self.iter}"
        if self.digest_only:
            return f"{when}, {where}: the bits differ"
        what = f"{when}, {where}: {_shown(self.old)} (old), {_shown(self.new)} (new)"
        if self.distance == APART:
            return what
        return f"{what}; abs {self.distance.abs:.3g}, rel {self.distance.rel:.3g}, {self.distance.ulp} ULP"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on two traces: over `steps` iterations, `largest` is the largest distance of any two numbers."""

    verdict: str
    steps: int
    largest: Distance = SAME
    first: Divergence | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    compared: dict[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def as_json(self) -> dict[str, Any]:
        """The document that cli.md promises; `reason` and `notes` come on top."""
        return {
            "version": 1,
            "verdict": self.verdict,
            "steps": self.steps,
            "max": {
                "abs": json_number(self.largest.abs),
                "rel": json_number(self.largest.rel),
                "ulp": self.largest.ulp if self.largest != APART else None,
            },
            "first_divergence": None if self.first is None else self.first.as_json(),
            "reason": self.reason,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        iterations = f"{self.steps} iteration{'' if self.steps == 1 else 's'}"
        if self.verdict == BIT_EQUAL:
            return f"bit-equal over {iterations}"
        if self.verdict == WITHIN_ULP:
            return f"equal within {self.largest.ulp} ULP over {iterations}; first difference at {self.first}"
        if self.verdict == DIVERGENT:
            rule = f"\n  look at: {self.first.rule}" if self.first and self.first.rule else ""
            return f"divergent: first at {self.first}{rule}"
        return f"not compared: {self.reason}"


def json_number(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "missing"
    return repr(value)
