"""All reverse rules on one merged v3 config: every v3 key ends translated, kept or in a finding."""

from __future__ import annotations

import importlib
from functools import cache

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.generation import V2_KEYS
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, same
from mmmigrate.converters.read.values import Symbol
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.engine import rules
from mmmigrate.converters.rules.experiment import Note, Options
from mmmigrate.converters.rules.rule import DEFERRED, INEXPRESSIBLE

# Hooks that were made from a key go back into it last, over what their absence left there.
_ORDER = (
    "codebase",
    "optim_wrapper",
    "param_scheduler",
    "train_cfg",
    "dataloaders",
    "default_hooks",
    "evaluators",
    "environment",
    "custom_hooks",
)


@cache
def reverse_rules() -> tuple[Reverse, ...]:
    package = (__package__ or "mmmigrate.converters.reverse").removesuffix(".engine")
    return tuple(importlib.import_module(f"{package}.{name}").REVERSE for name in _ORDER)


@cache
def sources_of(v2_key: str) -> tuple[str, ...]:
    """The v3 keys that a v2 key is made from, its owner first."""
    return tuple(dict.fromkeys(key for rule in reverse_rules() for key in rule.makes.get(v2_key, ())))


def translate(v3: TracedDict, options: Options) -> Reversal:
    """What a merged v3 config means in v2."""
    rev = Reversal(_named(v3), options)
    forward = {rule.code: rule for rule in rules()}
    for rule in reverse_rules():
        if options.wants(rule.code):
            rev.rule = forward.get(rule.code, INEXPRESSIBLE)
            rule.convert(rev)
    _defer(rev)
    for key, slot in rev.v3.slots():
        if key in rev.used:
            continue
        if key in rev.v2 or key in V2_KEYS:
            if key not in rev.v2 or not same(rev.v2[key], slot.value):
                message = f"{key}: without effect in v3, v2 would read it as its own setting; it is dropped"
                rev.notes.append(Note(INEXPRESSIBLE, Effect.EXACT, message, key, slot))
            continue
        rev.v2.put(key, slot)
    return rev


def _defer(rev: Reversal) -> None:
    """Take back what a fragment cannot own; it comes back in the configs that inherit it."""
    if rev.complete:
        return
    for key in list(rev.v2):
        if sources_of(key) and not any(owner in rev.v3 for owner in _owners(key)):
            rev.v2.drop(key)
            rev.deferred.update(source for source in sources_of(key) if source in rev.used)
    for key in sorted(rev.deferred):
        if rev.get(key) is not None:
            effect = Effect.MANUAL if "model" in rev.v3 else DEFERRED.effect  # an experiment that nobody may inherit
            message = f"{key}: what this file cannot say alone moves into the configs that inherit it"
            rev.notes.append(Note(DEFERRED, effect, message, key, rev.slot(key)))


def _owners(v2_key: str) -> set[str]:
    found = [rule.owners or rule.makes[v2_key][:1] for rule in reverse_rules() if v2_key in rule.makes]
    return {owner for owners in found for owner in owners}


def _named(value: TracedDict) -> TracedDict:
    """The tree with the classes that a pure-Python config imports as the names that v2's registries know."""

    def named(item: Slot) -> Slot:
        if isinstance(item.value, Symbol):
            return Slot(item.value.name)
        if isinstance(item.value, TracedDict):
            changed = [(key, named(slot)) for key, slot in item.value.slots() if key != "_scope_"]
            same_items = len(changed) == len(item.value) and all(slot.value is item.value[key] for key, slot in changed)
            return item if same_items else Slot(TracedDict(changed), item.origin)
        if isinstance(item.value, TracedList):
            elements = [named(slot) for slot in item.value.slots()]
            same_items = all(new.value is old for new, old in zip(elements, item.value))
            return item if same_items else Slot(TracedList(elements), item.origin)
        return item

    return TracedDict((key, named(slot)) for key, slot in value.slots())
