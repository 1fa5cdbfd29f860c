"""The merged v3 config that the reverse rules read, and the v2 tree that they write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.experiment import Note, Options, RunLength, Section
from mmmigrate.converters.rules.rule import INEXPRESSIBLE, Remark, Rule

# The train loops of mmengine and of mmmigrate, by how they count.
LOOPS = {
    "EpochBasedTrainLoop": "epoch",
    "IterBasedTrainLoop": "iter",
    "mmmigrate.compat.adapters.V2EpochBasedTrainLoop": "epoch",
    "mmmigrate.compat.adapters.V2IterBasedTrainLoop": "iter",
}


@dataclass
class Reversal:
    """A v3 tree (bases merged in) on its way to v2."""

    v3: TracedDict
    options: Options
    v2: TracedDict = field(default_factory=TracedDict)
    used: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    deferred: set[str] = field(default_factory=set)  # v3 keys of which a fragment leaves something to its heirs
    told_by_pack: bool = False  # classes and arguments of the codebase are v2's already
    test_batch_of_training: bool = False  # of codebases whose tests take batches as large as training's
    rule: Rule | Remark | None = None  # whose reverse is running

    def get(self, key: str) -> Any:
        return self.v3.get(key)

    def slot(self, key: str) -> Slot:
        return self.v3.slot(key) if key in self.v3 else Slot(None)

    def section(self, key: str) -> Section | None:
        """A top-level dict; None where it is absent, None or no dict, which the rules then leave as it is."""
        value = self.v3.get(key)
        return Section(key, value) if isinstance(value, dict) else None

    def use(self, *keys: str) -> None:
        """These v3 keys are dealt with: they do not appear in the v2 tree."""
        self.used.update(key for key in keys if key in self.v3)

    def put(self, path: str, item: Any) -> None:
        """Set ``a.b`` in the v2 tree to a value or a Slot."""
        *parents, last = path.split(".")
        target = self.v2
        for key in parents:
            if key not in target:
                target.put(key, TracedDict())
            target = target[key]
        target.put(last, item)

    def note(self, message: str, key: str, slot: Slot | None = None, effect: Effect = Effect.EXACT) -> None:
        """Say something about a v3 key under the code of the rule whose reverse is running."""
        if self.rule is None:
            raise RuntimeError("a note belongs to a rule")
        self.notes.append(Note(self.rule, effect, message, key, slot or self.slot(key)))

    def cannot(self, message: str, key: str, slot: Slot | None = None) -> None:
        """Say that v2 has no way to express something."""
        self.notes.append(Note(INEXPRESSIBLE, INEXPRESSIBLE.effect, message, key, slot or self.slot(key)))

    def report_rest(self, section: Section) -> None:
        """Every argument of a section that was not taken has no counterpart."""
        for key, slot in section.rest():
            self.cannot(
                f"{section.name}.{key} has no counterpart in v2 and is dropped", section.name.split(".")[0], slot
            )

    @cached_property
    def run_length(self) -> RunLength | None:
        """From ``train_cfg``; None where the file does not say."""
        loop = self.v3.get("train_cfg")
        if not isinstance(loop, TracedDict):
            return None
        kind = LOOPS.get(str(loop.get("type")))
        if kind is None and "by_epoch" in loop:
            kind = "epoch" if loop["by_epoch"] else "iter"
        if kind is None and "type" not in loop:
            kind = "epoch" if "max_epochs" in loop else "iter" if "max_iters" in loop else None
        if kind is None or loop.get(f"max_{kind}s") is None:
            return None
        return RunLength(kind, loop.slot(f"max_{kind}s"))

    @property
    def complete(self) -> bool:
        """Whether this is an experiment, not a fragment that others inherit."""
        return "model" in self.v3 and self.run_length is not None


@dataclass(frozen=True)
class Reverse:
    """One reverse rule: the forward rule whose code it goes by, and the v3 keys that each v2 key is made from.

    A fragment writes a v2 key only if it holds one of its owners, so that no two bases of a config write the same
    key. The owner is the first of the v3 keys unless `owners` names others.
    """

    code: str
    makes: dict[str, tuple[str, ...]]
    convert: Callable[[Reversal], None]
    owners: tuple[str, ...] = ()
