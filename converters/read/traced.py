"""Values that know where they were written.

The values are plain Python (numbers, strings, tuples …), so expressions evaluate as Python does. What a
container holds at a key is a *slot*: the value and the origin, which is the expression that stands there.
A slot that a rule moves takes its origin along, and the emitter writes that expression again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mmmigrate.converters.read.source import Source


@dataclass(eq=False)
class Origin:
    """The expression of a slot. ``anchor`` is where the slot begins: its keyword, its key or the expression itself."""

    source: Source
    node: ast.expr
    anchor: ast.AST

    @cached_property
    def names(self) -> frozenset[str]:
        """Variables that the expression reads (names bound by its own comprehensions included)."""
        return frozenset(node.id for node in ast.walk(self.node) if isinstance(node, ast.Name))

    @property
    def line(self) -> int:
        return int(getattr(self.anchor, "lineno", self.node.lineno))

    @property
    def column(self) -> int:
        return int(getattr(self.anchor, "col_offset", self.node.col_offset)) + 1


class Slot(NamedTuple):
    """A value and the expression it was written as; ``origin`` is None for what a rule made."""

    value: Any
    origin: Origin | None = None


class TracedDict(dict[Any, Any]):
    """A dict that knows the origin of every slot. Plain mutation keeps values right and drops the origin."""

    def __init__(self, items: Iterable[tuple[Any, Any]] | Mapping[Any, Any] = ()) -> None:
        super().__init__()
        self.origins: dict[Any, Origin] = {}
        for key, value in items.items() if isinstance(items, Mapping) else items:
            self.put(key, value)

    def put(self, key: Any, item: Any) -> None:
        """Set a value or a Slot."""
        value, origin = item if isinstance(item, Slot) else (item, None)
        dict.__setitem__(self, key, value)
        if origin is None:
            self.origins.pop(key, None)
        else:
            self.origins[key] = origin

    def __setitem__(self, key: Any, value: Any) -> None:
        self.put(key, value)

    def slot(self, key: Any) -> Slot:
        """The value with its origin. Raises KeyError."""
        return Slot(self[key], self.origins.get(key))

    def slots(self) -> list[tuple[Any, Slot]]:
        return [(key, Slot(value, self.origins.get(key))) for key, value in self.items()]

    def drop(self, key: Any) -> None:
        """Remove a key if it is there."""
        self.pop(key, None)
        self.origins.pop(key, None)

    def copy(self) -> TracedDict:
        return clone(self)

    def absorb(self, other: Mapping[Any, Any]) -> None:
        """``dict.update`` that takes the origins along."""
        if type(self) is TracedDict and isinstance(other, TracedDict):
            for key in self.origins.keys() & other.keys():
                del self.origins[key]
            dict.update(self, other)
            self.origins.update(other.origins)
            return
        for key, slot in other.slots() if isinstance(other, TracedDict) else other.items():
            self.put(key, slot)


def clone(mapping: Mapping[Any, Any]) -> TracedDict:
    """A TracedDict with the same slots, values shared."""
    result = TracedDict()
    dict.update(result, mapping)
    if isinstance(mapping, TracedDict):
        result.origins.update(mapping.origins)
    return result


class TracedList(list[Any]):
    """A list that knows the origin of every element."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__()
        self._origins: list[Origin | None] = []
        for item in items:
            self.push(item)

    def push(self, item: Any) -> None:
        """Append a value or a Slot."""
        value, origin = item if isinstance(item, Slot) else (item, None)
        list.append(self, value)
        self._origins.append(origin)

    def slots(self) -> list[Slot]:
        if len(self._origins) != len(self):  # mutated as a plain list: only the values are sure
            return [Slot(value) for value in self]
        return [Slot(value, origin) for value, origin in zip(self, self._origins)]

    def copy(self) -> TracedList:
        return TracedList(self.slots())

    def __reversed__(self) -> Any:
        return iter([slot.value for slot in self.slots()[::-1]])


class TracedConfig(TracedDict):
    """What a config sees of its bases: keys are attributes too, and `update` merges, as in mmengine's ConfigDict."""

    def put(self, key: Any, item: Any) -> None:
        if isinstance(item, Slot):
            super().put(key, Slot(configured(item.value), item.origin))
        else:
            super().put(key, configured(item))

    def copy(self) -> TracedConfig:
        return TracedConfig(self.slots())

    def refresh(self, *others: Any, **kwargs: Any) -> None:
        """``ConfigDict.update``: where both sides have a dict, that dict is updated, not replaced."""
        for other in (*others, kwargs):
            given = other if isinstance(other, dict) else TracedDict(other)
            for key, slot in given.slots() if isinstance(given, TracedDict) else given.items():
                value = slot.value if isinstance(slot, Slot) else slot
                own = self.get(key)
                if isinstance(own, TracedConfig) and isinstance(value, dict):
                    own.refresh(value)
                else:
                    self.put(key, slot)

    def merge(self, other: Mapping[Any, Any]) -> None:
        """``ConfigDict.merge``: as bases are merged, ``_delete_`` included."""
        for key, value in other.items():
            own = self.get(key)
            if not isinstance(value, dict):
                self.put(key, value)
            elif value.get("_delete_") or not isinstance(own, TracedConfig):
                self.put(key, TracedConfig(item for item in value.items() if item[0] != "_delete_"))
            else:
                own.merge({name: item for name, item in value.items() if name != "_delete_"})


def configured(value: Any) -> Any:
    """The value with every dict in it as a TracedConfig; what already is one is shared."""
    if isinstance(value, TracedConfig):
        return value
    if isinstance(value, dict):
        return TracedConfig(value.slots() if isinstance(value, TracedDict) else value)
    if isinstance(value, TracedList):
        return TracedList(Slot(configured(slot.value), slot.origin) for slot in value.slots())
    if type(value) is tuple:
        return tuple(configured(item) for item in value)
    return value


def deep_copy(value: Any) -> Any:
    """A copy that shares no container with the value; origins go along, and what was shared inside is shared again."""
    return _deep_copy(value, {})


def _deep_copy(value: Any, known: dict[int, Any]) -> Any:
    if id(value) in known:
        return known[id(value)]
    copied: Any = value
    if isinstance(value, TracedDict):
        copied = known[id(value)] = type(value)()
        for key, slot in value.slots():
            copied.put(key, Slot(_deep_copy(slot.value, known), slot.origin))
    elif isinstance(value, TracedList):
        copied = known[id(value)] = TracedList()
        for slot in value.slots():
            copied.push(Slot(_deep_copy(slot.value, known), slot.origin))
    elif type(value) is tuple:
        copied = tuple(_deep_copy(item, known) for item in value)
    elif isinstance(value, set):
        copied = set(value)
    return copied


def traced(value: Any) -> Any:
    """A plain value with its dicts and lists made traceable, without origins."""
    if isinstance(value, (TracedDict, TracedList)):
        return value
    if isinstance(value, dict):
        return TracedDict((key, traced(item)) for key, item in value.items())
    if isinstance(value, list):
        return TracedList(traced(item) for item in value)
    if type(value) is tuple:
        return tuple(traced(item) for item in value)
    return value


def plain(value: Any) -> Any:
    """The value as ordinary dicts, lists and tuples."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if type(value) is tuple:
        return tuple(plain(item) for item in value)
    return str(value) if isinstance(value, str) and type(value) is not str else value


def same(a: Any, b: Any) -> bool:
    """Equal in value *and* type, at every depth: 1 is not True, 1.0 is not 1, NaN equals NaN."""
    if a is b:
        return True
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is not type(b):
        return False
    if type(a) is tuple:
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b or (a != a and b != b))
