"""What becomes of one ``dict(type=…)``: renamed, its arguments renamed, moved, dropped or filled in. Data, not code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, same, traced

Report = Callable[[str, Slot], None]


class PackError(Exception):
    """A pack file says something that means nothing."""


def _is_pair(value: Any) -> bool:
    numbers = isinstance(value, (tuple, list)) and len(value) == 2
    return numbers and all(isinstance(item, (int, float)) for item in value)


_IS: dict[str, Callable[[Any], bool]] = {
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "dict": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, (list, tuple)),
    "pair": _is_pair,
    "pairs": lambda value: isinstance(value, (list, tuple)) and bool(value) and all(map(_is_pair, value)),
    "one pair": lambda value: isinstance(value, (list, tuple)) and len(value) == 1 and _is_pair(value[0]),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "none": lambda value: value is None,
    "short edge": lambda value: isinstance(value, (list, tuple)) and len(value) == 2 and value[1] == -1,
}


def _swapped(value: Any) -> Any:
    if _is_pair(value):
        return type(value)(value[::-1])
    if isinstance(value, (list, tuple)):
        return type(value)(_swapped(item) for item in value)
    return value


def _innermost(value: Any) -> Any:
    return _innermost(value[0]) if isinstance(value, list) and value else value


# How a value is told in v3; the name is what a pack writes under `values`.
VALUES: dict[str, Callable[[Any], Any]] = {
    # mmengine's file backends know no "disk"; without arguments they read it
    "backend": lambda value: None if value == {"backend": "disk"} else value,
    # equal shares of several directions
    "together": lambda value: round(sum(value), 12) if isinstance(value, list) and len(set(value)) == 1 else value,
    "total": lambda value: sum(value) if isinstance(value, (list, tuple)) else value,
    "nothing": lambda value: value or None,  # "" where v3 wants no argument
    "first": lambda value: value[0] if isinstance(value, (list, tuple)) and value else value,
    "last": lambda value: value[-1] if isinstance(value, (list, tuple)) and value else value,
    "swap": _swapped,  # (height, width) <-> (width, height)
    "list": lambda value: value if isinstance(value, list) else list(value) if isinstance(value, tuple) else [value],
    "not": lambda value: not value,
    "pair": lambda value: (value, value) if isinstance(value, (int, float)) else value,
    "and the rest": lambda value: [value, round(1 - value, 12)],
    "short side": lambda value: min(_innermost(value)),  # of one size, or of a list of one
    "inverse": lambda value: round(1 / value),
    "times 255": lambda value: [round(item * 255, 6) for item in value],
    "twice": lambda value: value * 2,
    "times 32": lambda value: tuple(item * 32 for item in value),
    "one more": lambda value: value + 1,
    "short edge": lambda value: (value, -1),
    "around one": lambda value: (round(1 - value, 12), round(1 + value, 12)),
}


@dataclass(frozen=True)
class Change:
    """One way to tell a class anew, taken where ``when`` holds.

    ``rename`` moves arguments (``data_prefix.img`` goes into a dict), ``values`` tells them otherwise, ``presets``
    names a value that v3 knows by a word. ``default`` fills in what v2 took and v3 would not, ``set`` always sets.
    ``drop`` takes away what has no effect any more, ``lost`` takes away and says so; ``remove`` takes the whole
    element out of its list, ``then`` puts others behind it. ``moves`` carries a value from one nested place to another,
    ``make`` builds a value of others (``@name`` in it stands for one, which is used up), ``pick`` takes the element of
    a list that is of certain classes (``cost: {costs: [IoUCost, GIoUCost]}``). ``gather`` makes a list of an argument
    of every element of another (``probs: [augments, prob]``), unless they are equal shares of one; ``each`` gives every
    element of a list what stands at another place (``augments: {num_classes: head.num_classes}``), from where a ``-``
    before the place takes it away.
    """

    to: str | None = None
    when: Mapping[str, Any] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    set: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    note: str | None = None
    remove: bool = False
    then: tuple[Mapping[str, Any], ...] = ()
    moves: Mapping[str, str] = field(default_factory=dict)
    make: Mapping[str, Any] = field(default_factory=dict)
    pick: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gather: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    each: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    besides: bool = False  # on the way back: after what the table forward, undone, gives

    def holds(self, node: Mapping[str, Any]) -> bool:
        return all(_holds(test, node, key) for key, test in self.when.items())

    def apply(self, node: TracedDict, report: Report) -> TracedDict:
        """The dict in v3 terms; ``node`` stays as it is."""
        result = TracedDict()
        for key, slot in node.slots():
            if key == "type" and self.to:
                result.put("type", slot if slot.value == self.to else Slot(self.to))
            elif key in self.lost:
                report(f"{node.get('type')}.{key}: {self.lost[key]}", slot)
            elif key not in self.drop:
                put_path(result, self.rename.get(key, key), self._told(key, slot))
        for path in self.drop:
            if "." in path:
                drop_path(result, path)
        for old, new in self.moves.items():
            moved = get_path(result, old)
            if moved is not None:
                drop_path(result, old)
                if moved.value is not None:
                    put_path(result, new, told("backend", moved) if new.endswith("backend_args") else moved)
        self._make(result)
        for name, places in self.pick.items():
            for place, kinds in places.items():
                _pick(result, place, kinds, name)
        for path, (place, name) in self.gather.items():
            gather(result, place, name, path)
        for place, arguments in self.each.items():
            _give(result, place, arguments)
        for key, value in self.default.items():
            if not _has_path(result, key):
                put_path(result, key, Slot(traced(value)))
        for key, value in self.set.items():
            put_path(result, key, Slot(traced(value)))
        if self.note:
            report(self.note, node.slot("type") if "type" in node else Slot(None))
        return result

    def _make(self, result: TracedDict) -> None:
        used: set[str] = set()
        for path, template in self.make.items():
            names: set[str] = set()
            made = _filled(template, result, names)
            used |= names
            if _has_path(result, path) and not names & result.keys():
                continue  # it has been made before: a converted model is converted again
            if made.value not in (None, [], {}):
                put_path(result, path, made)
        for path in used:
            drop_path(result, path)

    def _told(self, key: str, slot: Slot) -> Slot:
        for name, value in self.presets.get(key, {}).items():
            if alike(slot.value, value):
                return Slot(name)
        how = self.values.get(key)
        if how is None and self.rename.get(key) == "backend_args":
            return told("backend", slot)
        if how is None:
            return slot
        if isinstance(how, Mapping):  # a table of values
            known = isinstance(slot.value, (str, int)) and not isinstance(slot.value, bool) and slot.value in how
            return Slot(traced(how[slot.value])) if known else slot
        return told(how, slot)


def _filled(template: Any, node: TracedDict, used: set[str]) -> Slot:
    """A template with the values that ``@name`` stands for; what is not there is left out of lists and dicts."""
    if isinstance(template, str) and "/@" in template:  # parts of a path
        parts = [_filled(part, node, used).value for part in template.split("/")]
        return Slot("/".join(parts) if all(isinstance(part, str) for part in parts) else None)
    if isinstance(template, str) and template.startswith("@"):
        name, _, default = template[1:].partition("|")
        if name.startswith("="):  # which stays where it is, too
            return get_path(node, name[1:]) or Slot(None)
        used.add(name)
        found = get_path(node, name)
        return found or Slot(traced(yaml.safe_load(default)) if default else None)
    if isinstance(template, list):
        return Slot(TracedList(made for made in (_filled(t, node, used) for t in template) if made.value is not None))
    if isinstance(template, dict):
        items = ((key, _filled(value, node, used)) for key, value in template.items())
        return Slot(TracedDict((key, made) for key, made in items if made.value is not None))
    return Slot(template)


def filled_in(template: Any, node: TracedDict) -> Slot:
    """A template with the values that ``@name`` stands for in a dict that stays as it is."""
    return _filled(template, node, set())


def alike(value: Any, written: Any) -> bool:
    """Whether a config's value is what a pack wrote in YAML, which has no tuples."""
    if isinstance(value, (list, tuple)):
        return isinstance(written, list) and len(value) == len(written) and all(map(alike, value, written))
    if isinstance(value, dict) and isinstance(written, dict):
        return value.keys() == written.keys() and all(alike(value[key], written[key]) for key in value)
    return same(value, written)


def told(how: str, slot: Slot) -> Slot:
    """A slot under one of `VALUES`; an element that is taken out of a list keeps its own source."""
    if how in ("first", "last") and isinstance(slot.value, TracedList) and slot.value:
        return slot.value.slots()[0 if how == "first" else -1]
    value = traced(VALUES[how](slot.value))
    return slot if same(value, slot.value) else Slot(value)


def _holds(test: Any, node: Mapping[str, Any], path: str) -> bool:
    slot = get_path(node, path)
    if test == "absent":
        return slot is None
    if test == "present":
        return slot is not None
    if slot is None:
        return False
    if isinstance(test, str) and test.startswith("is "):
        return _IS[test[3:]](slot.value)
    if isinstance(test, str) and test.startswith("has "):
        items = slot.value if isinstance(slot.value, list) else ()
        return any(isinstance(item, Mapping) and item.get("type") == test[4:] for item in items)
    return same(slot.value, test) or (isinstance(test, list) and slot.value in test)


def _pick(node: TracedDict, place: str, kinds: list[str], name: str) -> None:
    held = get_path(node, place)
    if held is None or not isinstance(held.value, TracedList):
        return
    kinds_of = [slot.value.get("type") if isinstance(slot.value, Mapping) else None for slot in held.value.slots()]
    found = next((index for index, kind in enumerate(kinds_of) if kind in kinds), None)
    if found is None:
        return
    items = held.value.slots()
    put_path(node, name, items.pop(found))
    drop_path(node, place)
    if items:
        put_path(node, place, Slot(TracedList(items)))


def elements(node: TracedDict, place: str) -> list[TracedDict]:
    """The dicts in the list at a place, or the one dict that stands there."""
    held = get_path(node, place)
    items = held.value if held is not None and isinstance(held.value, list) else [held.value if held else None]
    return [item for item in items if isinstance(item, TracedDict)]


def with_elements(node: TracedDict, place: str, items: list[TracedDict]) -> None:
    held = get_path(node, place)
    several = held is not None and isinstance(held.value, list)
    put_path(node, place, Slot(TracedList(items) if several else items[0]))


def gather(node: TracedDict, place: str, name: str, path: str) -> None:
    """``path`` gets the list of the arguments ``name``, which go; nothing where each is its equal share of one."""
    items = elements(node, place)
    if not items or not any(name in item for item in items):
        return
    values = [item.get(name, 1.0) for item in items]
    with_elements(node, place, [TracedDict(slot for slot in item.slots() if slot[0] != name) for item in items])
    if any(abs(value * len(values) - 1) > 1e-9 for value in values if isinstance(value, (int, float))):
        put_path(node, path, Slot(TracedList(values)))


def _give(node: TracedDict, place: str, arguments: Mapping[str, str]) -> None:
    items = [item.copy() for item in elements(node, place)]
    for item in items:
        for name, source in arguments.items():
            if name not in item and (slot := get_path(node, source.removeprefix("-"))) is not None:
                item.put(name, slot)
    if items:
        with_elements(node, place, items)
    for source in arguments.values():
        if source.startswith("-"):
            drop_path(node, source[1:])


def put_path(target: TracedDict, path: str, slot: Slot) -> None:
    """Set ``a.b.c`` in nested dicts, which are made where they lack."""
    *parents, last = path.split(".")
    for key in parents:
        inner = target.get(key)
        inner = inner.copy() if isinstance(inner, TracedDict) else TracedDict()
        target.put(key, inner)
        target = inner
    target.put(last, slot)


def drop_path(target: TracedDict, path: str) -> None:
    """Remove ``a.b.c``, and the dicts on the way that are empty then."""
    first, _, rest = path.partition(".")
    inner = target.get(first)
    if not rest:
        target.drop(first)
    elif isinstance(inner, TracedDict):
        inner = inner.copy()
        drop_path(inner, rest)
        target.put(first, inner)
        if not inner:
            target.drop(first)


def get_path(node: Mapping[str, Any], path: str) -> Slot | None:
    """The slot at ``a.b.c``, or None."""
    *parents, last = path.split(".")
    current: Any = node
    for key in parents:
        current = current.get(key) if isinstance(current, Mapping) else None
    if not isinstance(current, Mapping) or last not in current:
        return None
    return current.slot(last) if isinstance(current, TracedDict) else Slot(current[last])


def _has_path(node: Mapping[str, Any], path: str) -> bool:
    return get_path(node, path) is not None


_KEYS = {
    "presets",
    "then",
    "moves",
    "make",
    "pick",
    "gather",
    "each",
    "besides",
    "to",
    "when",
    "rename",
    "values",
    "default",
    "set",
    "drop",
    "lost",
    "note",
    "remove",
}


def read_changes(entry: Any, where: str) -> tuple[Change, ...]:
    """An entry of a pack: None (known, unchanged), a new name, one change, or several of which the first that holds.

    Raises PackError for keys and tests that mean nothing.
    """
    if entry is None:
        return (Change(),)
    if isinstance(entry, str):
        return (Change(to=entry),)
    if isinstance(entry, list):
        return tuple(change for item in entry for change in read_changes(item, where))
    unknown = set(entry) - _KEYS
    if unknown:
        raise PackError(f"{where}: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(_KEYS))}")
    for test in entry.get("when", {}).values():
        if isinstance(test, str) and test.startswith("is ") and test[3:] not in _IS:
            raise PackError(f"{where}: unknown test {test!r}; known: {', '.join('is ' + name for name in _IS)}")
    for how in entry.get("values", {}).values():
        if isinstance(how, str) and how not in VALUES:
            raise PackError(f"{where}: unknown value change {how!r}; known: {', '.join(VALUES)}")
    gathered = {path: tuple(places) for path, places in entry.get("gather", {}).items()}
    entry = {**entry, "gather": gathered}
    return (Change(**{**entry, "drop": tuple(entry.get("drop", ())), "then": tuple(entry.get("then", ()))}),)
