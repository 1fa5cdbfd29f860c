"""The merged config that rules read, and the v3 tree that they write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, NoReturn

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.rule import REJECTED, Remark, Rule

RUNNERS = {"EpochBasedRunner": "epoch", "IterBasedRunner": "iter", "Runner": "epoch"}  # Runner: mmcv's older name
OLDER_LENGTHS = {"total_epochs": "epoch", "total_iters": "iter"}


@dataclass(frozen=True)
class Options:
    """Choices of the person who converts.

    ``schedule``: ``auto`` takes mmengine's own schedulers where they are equal to 1e-12 of the peak, else the closed
    form that mmmigrate ships; ``stock`` never the closed form; ``exact`` always. ``order``: ``v3`` names mmengine's
    samplers, ``v2`` samplers that draw the order of a single v2 process. ``to`` is the generation to end in.
    ``trust`` executes the files that cannot be evaluated. ``style``: ``minimal`` puts new keys in the place of the old
    ones, ``idiomatic`` groups them as published v3 configs do.
    """

    schedule: str = "auto"
    order: str = "v3"
    flatten: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    to: str = "v3"
    trust: bool = False
    packs: tuple[str, ...] = ("auto",)
    style: str = "minimal"

    def wants(self, code: str) -> bool:
        """Whether a rule code is chosen by ``--select`` and not by ``--ignore``."""
        return (not self.select or code.startswith(self.select)) and not (self.ignore and code.startswith(self.ignore))


class RunLength(NamedTuple):
    """How long a v2 runner trains: ``kind`` is ``epoch`` or ``iter``, ``length`` counts those."""

    kind: str
    length: Slot


class Note(NamedTuple):
    """A finding before its place is known: ``slot`` is what it speaks of, ``key`` the top-level key."""

    rule: Rule | Remark
    effect: Effect
    message: str
    key: str
    slot: Slot


class Rejected(Exception):
    """The merged config is one that mmcv refuses."""

    def __init__(self, key: str, slot: Slot, message: str) -> None:
        super().__init__(message)
        self.note = Note(REJECTED, Effect.ERROR, message, key, slot)


class Section:
    """A dict of the v2 config; what no rule takes from it is left over and gets reported."""

    def __init__(self, name: str, items: Mapping[Any, Any]) -> None:
        self.name = name
        self.items = items if isinstance(items, TracedDict) else TracedDict(items)
        self.taken: set[Any] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def take(self, key: str, default: Any = None) -> Slot:
        """The slot of a key, which counts as dealt with from now on; the default as a slot if it is absent."""
        self.taken.add(key)
        return self.items.slot(key) if key in self.items else Slot(default)

    def value(self, key: str, default: Any = None) -> Any:
        return self.take(key, default).value

    def rest(self) -> list[tuple[Any, Slot]]:
        return [(key, slot) for key, slot in self.items.slots() if key not in self.taken]


@dataclass
class Experiment:
    """A v2 tree (bases merged in) on its way to v3."""

    v2: TracedDict
    options: Options
    v3: TracedDict = field(default_factory=TracedDict)
    used: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    deferred: set[str] = field(default_factory=set)  # v2 keys of which a fragment leaves something to its heirs
    hooks: list[tuple[str, TracedDict]] = field(default_factory=list)  # what v2 keys put into custom_hooks
    rule: Rule | None = None  # the one that is running

    def get(self, key: str) -> Any:
        return self.v2.get(key)

    def slot(self, key: str) -> Slot:
        return self.v2.slot(key) if key in self.v2 else Slot(None)

    def section(self, key: str) -> Section | None:
        """A top-level dict, or None where it is absent or None. Raises Rejected for anything else."""
        value = self.v2.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.reject(key, f"{key} must be a dict, not {type(value).__name__}")
        return Section(key, value)

    def use(self, *keys: str) -> None:
        """These v2 keys are dealt with: they do not appear in the v3 tree."""
        self.used.update(key for key in keys if key in self.v2)

    def put(self, path: str, item: Any) -> None:
        """Set ``a.b.c`` in the v3 tree to a value or a Slot."""
        *parents, last = path.split(".")
        target = self.v3
        for key in parents:
            if key not in target:
                target.put(key, TracedDict())
            target = target[key]
        target.put(last, item)

    def add_hook(self, key: str, hook: TracedDict, priority: str | int | None = None) -> None:
        """A v2 key becomes a custom hook, which stands before those of the config itself, as it does in v2."""
        if priority is not None:
            hook.put("priority", priority)
        self.hooks.append((key, hook))

    def note(self, message: str, key: str, slot: Slot | None = None, effect: Effect | None = None) -> None:
        """Say something about a v2 key under the code of the running rule."""
        if self.rule is None:
            raise RuntimeError("a note belongs to a rule")
        self.notes.append(Note(self.rule, effect or self.rule.effect, message, key, slot or self.slot(key)))

    def remark(self, remark: Remark, message: str, key: str, slot: Slot | None = None) -> None:
        self.notes.append(Note(remark, remark.effect, message, key, slot or self.slot(key)))

    def report_rest(self, section: Section, why: str = "has no counterpart in mmengine and is dropped") -> None:
        """Every argument of a section that the rule did not take becomes a finding."""
        for key, slot in section.rest():
            self.note(f"{section.name}.{key} {why}", section.name.split(".")[0], slot, Effect.MANUAL)

    def reject(self, key: str, message: str, slot: Slot | None = None) -> NoReturn:
        raise Rejected(key, slot or self.slot(key), message)

    @cached_property
    def run_length(self) -> RunLength | None:
        """From ``runner`` or the older ``total_epochs``/``total_iters``; None where the file says neither."""
        older = [(key, kind) for key, kind in OLDER_LENGTHS.items() if self.get(key) is not None]
        runner = self.section("runner")
        if runner is None:
            return RunLength(older[0][1], self.slot(older[0][0])) if older else None
        kind = _runner_kind(runner, [kind for _, kind in older])
        if kind is None:
            return None
        key, other = ("max_epochs", "max_iters") if kind == "epoch" else ("max_iters", "max_epochs")
        if runner.value(other) is not None:
            self.reject("runner", f"{runner.value('type')} with {other}: mmcv takes either max_epochs or max_iters")
        if runner.value(key) is not None:
            return RunLength(kind, runner.take(key))
        # the runner without a length takes it from the call of `run`, which the codebases give total_iters
        return next((RunLength(kind, self.slot(older_key)) for older_key, unit in older if unit == kind), None)

    @property
    def of_experiment(self) -> bool:
        """Whether a model is there: a fragment may lack what others bring."""
        return "model" in self.v2

    @property
    def complete(self) -> bool:
        """Whether this is an experiment, not a fragment that others inherit."""
        return "model" in self.v2 and self.run_length is not None


def _runner_kind(runner: Section, older: list[str]) -> str | None:
    """``epoch`` or ``iter``; for a class that is not mmcv's by the length it is given, else by its name."""
    kind = runner.value("type")
    if kind in RUNNERS:
        return RUNNERS[kind]
    given = [unit for unit in ("epoch", "iter") if runner.value(f"max_{unit}s") is not None] or older
    if kind is None or len(given) == 1:
        return given[0] if len(given) == 1 and kind is not None else None
    named = [unit for unit in ("epoch", "iter") if unit in str(kind).lower()]
    return named[0] if len(named) == 1 else None


def build(**items: Any) -> TracedDict:
    """A v3 dict of values and Slots, in order; arguments that are None are left out, Slots of None are not."""
    return TracedDict((key, item) for key, item in items.items() if item is not None)
