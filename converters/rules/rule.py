"""What a rule declares of itself. Docs, ``explain``, ``rules`` and the tests are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmigrate.compat.findings import Effect

if TYPE_CHECKING:
    from mmmigrate.converters.rules.experiment import Experiment


@dataclass(frozen=True)
class Rule:
    """One rewrite of configs, v2 to v3.

    ``makes`` maps each v3 key that the rule writes to the v2 keys that it reads for it, the most telling first: its
    statement is where the new one goes. ``convert`` reads an `Experiment` and writes into it; it knows no text.
    """

    code: str
    title: str
    why: str
    before: str
    after: str
    effect: Effect
    reversible: bool
    makes: dict[str, tuple[str, ...]]
    convert: Callable[[Experiment], None]


@dataclass(frozen=True)
class Remark:
    """A code for what conversion has to say that rewrites nothing: refused, deferred, not handled."""

    code: str
    title: str
    why: str
    effect: Effect


DEFERRED = Remark(
    "DEF001",
    "key carried to the configs that inherit it",
    "A base may hold half of what one v3 key needs (evaluation without a runner): each config that inherits both "
    "halves gets the whole key.",
    Effect.EXACT,
)
REJECTED = Remark(
    "REJ001",
    "config that mmcv itself refuses",
    "mmcv 1.7.2 raises an error for it before the first iteration, so there is no training to keep.",
    Effect.ERROR,
)
UNHANDLED = Remark(
    "UNH001",
    "v2 key that is not translated",
    "mmengine ignores keys that it does not know, so a key that is left over would change training in silence.",
    Effect.MANUAL,
)
KEPT = Remark(
    "KEP001",
    "model, datasets and pipelines keep their v2 names",
    "Classes and arguments of the codebases changed names too, and no pack knows those that this config names.",
    Effect.MANUAL,
)
UNKNOWN = Remark(
    "PCK002",
    "class that the codebase's pack does not know",
    "A class of the user's own, or one that the pack lacks: it keeps its name, so it must be registered in the new "
    "generation; a pack of the user's own can say what became of it.",
    Effect.MANUAL,
)
CLASH = Remark(
    "CLA001",
    "variable with the name of a v3 key",
    "A v2 file may use any name for a variable; a v3 runner would read this one as its own setting.",
    Effect.ERROR,
)
FLATTENED = Remark(
    "FLA001",
    "config written without its bases",
    "Two of its bases would define the same v3 key, which mmengine refuses, or a base cannot be converted, or mmengine "
    "would not find the bases.",
    Effect.EXACT,
)
ABSOLUTE = Remark(
    "BAS001",
    "base named by an absolute path",
    "The new file keeps the path of its base. Written elsewhere it would inherit from the old generation's file.",
    Effect.MANUAL,
)
INEXPRESSIBLE = Remark(
    "REV001",
    "v3 setting that v2 cannot express",
    "Converting to v2: mmcv 1.x has no key, hook or policy that does the same, so training would differ without it.",
    Effect.MANUAL,
)
REMARKS = (INEXPRESSIBLE, DEFERRED, REJECTED, UNHANDLED, KEPT, UNKNOWN, CLASH, FLATTENED, ABSOLUTE)
READ_ERRORS = {
    "CFG001": "not valid Python",
    "CFG002": "a file that is missing, unreadable or of another kind",
    "CFG003": "an expression or statement that is not evaluated",
    "CFG004": "more steps or memory than a config can need",
    "CFG005": "two bases define the same key",
    "CFG006": "a dict that would inherit from something that is not one",
    "CFG007": "a file that inherits from itself",
    "CFG008": "the new text does not mean what was proved: nothing is written",
    "CFG009": "a trusted config that fails when it is executed, or has values that are no text",
}
