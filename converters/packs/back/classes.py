"""A class of v3 told as the one of v2 that it came from, by the tables of the way forward read backwards.

A change is undone only if it can be: what it always sets must be there, what it makes must have its form. Of several
old classes that became one, that is taken whose way forward gives the new dict again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from mmmigrate.converters.packs.change import (
    VALUES,
    Change,
    Report,
    alike,
    drop_path,
    elements,
    get_path,
    put_path,
    with_elements,
)
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, same, traced

# What `change.VALUES` did, undone; the rest is the same both ways or cannot be told apart any more.
_UNTOLD: dict[str, Callable[[Any], Any]] = {
    "not": lambda value: not value,
    "list": lambda value: value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value,
    "times 255": lambda value: [round(item / 255, 6) for item in value],
    "twice": lambda value: value // 2 if isinstance(value, int) and value % 2 == 0 else value / 2,
    "times 32": lambda value: tuple(item // 32 for item in value),
    "one more": lambda value: value - 1,
    "around one": lambda value: round(value[1] - 1, 12),
}
_CONSTANTS: dict[str, Any] = {"is true": True, "is false": False, "is none": None}


class ClassTable:
    """One table of a pack, by the names of v3."""

    def __init__(self, pack: Pack, name: str) -> None:
        self.pack = pack
        self.table: Mapping[str, tuple[Change, ...]] = getattr(pack, name)
        self.own: Mapping[str, tuple[Change, ...]] = pack.back.get(name, {})
        self._olds: dict[str, list[tuple[str, Change]]] = {}
        for old, changes in self.table.items():
            for change in changes:
                if not change.remove:
                    self._olds.setdefault(change.to or old, []).append((old, change))
        for found in self._olds.values():
            found.sort(key=lambda item: item[0] not in pack.own_names)  # before those of the pack that it extends

    def translate(self, node: TracedDict, report: Report) -> TracedDict | None:
        """The dict in v2 terms; None where it has no place there, which the pack says."""
        kind = node.get("type")
        if not isinstance(kind, str):
            return node
        bare = kind.rpartition(".")[2]
        if bare != kind and not self._knows(kind) and (self._knows(bare) or bare in self.pack.v2_names):
            node = node.copy()
            node.put("type", bare)
            kind = bare
        for change in self.own.get(kind, ()):
            if change.holds(node):
                node = self._undone(kind, node, report) if change.besides else node
                return None if change.remove else change.apply(node, report)
        return self._undone(kind, node, report)

    def _knows(self, kind: str) -> bool:
        return kind in self._olds or kind in self.own

    def _undone(self, kind: str, node: TracedDict, report: Report) -> TracedDict:
        second: TracedDict | None = None
        for old, change in self._olds.get(kind, ()):
            told = undo(change, old, node)
            if told is None:
                continue
            if _leads_back(self.table[old], change, told, node):
                return told
            second = told if second is None else second
        if second is not None:
            return second
        if kind in self._olds and kind not in self.pack.v2_names:
            report(f"{kind}: with these arguments it is none of v2's classes", node.slot("type"))
        return node


def undo(change: Change, old: str, node: TracedDict) -> TracedDict | None:
    """The v2 dict of which this change makes ``node``, as far as it can be told; None where it made something else."""
    work = node.copy()
    for path, value in change.set.items():
        slot = get_path(work, path)
        if slot is None and _is_variable(value):
            continue
        if slot is None or not (_is_variable(value) or alike(slot.value, value)):
            return None
        drop_path(work, path)
    for path, template in change.make.items():
        made = get_path(work, path)
        found: dict[str, Slot] = {}
        if made is None or not _unmade(template, made, found):
            if any("." not in name for name in change.when):
                return None
            continue
        drop_path(work, path)
        for name, slot in found.items():
            put_path(work, name, slot)
    for path, (place, name) in change.gather.items():
        _spread(work, place, name, path)
    _back(work, {new: old for old, new in change.moves.items()})
    for path, value in change.default.items():
        slot = get_path(work, path) if "." in path else None
        if slot is not None and alike(slot.value, value):
            drop_path(work, path)
    return _renamed(change, old, work)


def _renamed(change: Change, old: str, work: TracedDict) -> TracedDict:
    _back(work, {new: name for name, new in change.rename.items() if "." in new})
    names = {new: name for name, new in change.rename.items()}
    result = TracedDict()
    for key, slot in work.slots():
        name = names.get(key, key)
        if key == "type":
            result.put("type", slot if slot.value == old else Slot(old))
        elif not (slot.value is None and name != key):  # v3's "nothing" is not always a value that v2 takes
            result.put(name, _untold(change, name, slot))
    for name, test in change.when.items():
        value = _CONSTANTS.get(test, test) if isinstance(test, str) else test
        is_test = test in ("absent", "present") or (isinstance(value, str) and value.startswith("is "))
        if not is_test and name in change.drop and name not in result:
            put_path(result, name, Slot(traced(value)))
    return result


def _spread(node: TracedDict, place: str, name: str, path: str) -> None:
    """Every element of a list gets its own of the values that were gathered, else its equal share of one."""
    items = [item.copy() for item in elements(node, place)]
    given = get_path(node, path)
    shares = [given.value] if given is not None and isinstance(given.value, float) else given.value if given else None
    if not isinstance(shares, (list, tuple)) or len(shares) != len(items):
        shares = [1 / len(items)] * len(items) if len(items) > 1 else []
    for item, share in zip(items, shares):
        item.put(name, share)
    if items:
        with_elements(node, place, items)
    drop_path(node, path)


def _back(node: TracedDict, moves: Mapping[str, str]) -> None:
    for now, before in moves.items():
        slot = get_path(node, now)
        if slot is not None:
            drop_path(node, now)
            if slot.value is not None:
                put_path(node, before, slot)


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _untold(change: Change, name: str, slot: Slot) -> Slot:
    preset = change.presets.get(name, {}).get(slot.value) if isinstance(slot.value, str) else None
    if preset is not None:
        return Slot(traced(preset))
    how = change.values.get(name)
    if isinstance(how, Mapping):
        found = [word for word, value in how.items() if same(value, slot.value)]
        return Slot(found[0]) if len(found) == 1 else slot
    if how is None:
        return slot
    return untold(how, slot)


def untold(how: str, slot: Slot) -> Slot:
    """A value as it was before ``change.told``; as it is where that cannot be known."""
    undo_value = VALUES["swap"] if how == "swap" else _UNTOLD.get(how)
    if undo_value is None:
        return slot
    try:
        value = undo_value(slot.value)
    except (TypeError, IndexError, KeyError):
        return slot
    return slot if same(value, slot.value) else Slot(traced(value))


def _unmade(template: Any, made: Slot, found: dict[str, Slot]) -> bool:
    """Read the values that ``@name`` stood for out of what the template made; False where it has another form."""
    if isinstance(template, str) and template.startswith("@"):
        name, _, default = template[1:].partition("|")
        if not default or not alike(made.value, yaml.safe_load(default)):
            found[name] = made
        return True
    if isinstance(template, list):
        return isinstance(made.value, TracedList) and _unmade_list(template, made.value, found)
    if isinstance(template, dict):
        value = made.value
        if not isinstance(value, TracedDict) or value.keys() - template.keys():
            return False
        return all(key not in value or _unmade(inner, value.slot(key), found) for key, inner in template.items())
    return alike(made.value, template)


def _unmade_list(template: list[Any], items: TracedList, found: dict[str, Slot]) -> bool:
    slots = items.slots()
    return len(slots) == len(template) and all(_unmade(one, slot, found) for one, slot in zip(template, slots))


def _leads_back(changes: tuple[Change, ...], change: Change, told: TracedDict, node: TracedDict) -> bool:
    if next((c for c in changes if c.holds(told)), None) is not change:
        return False
    again = change.apply(told, lambda message, slot: None)
    return _leaves(again) == _leaves(node)


def _leaves(node: TracedDict) -> dict[str, Any]:
    return dict(_walk(node, ""))


def _walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{place}.{key}")
    elif isinstance(value, (list, tuple)):
        yield place, repr([repr(item) for item in value])
    elif value is not None and not _is_variable(value):
        yield place, value
