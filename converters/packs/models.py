"""The model in v3 terms, and the names in it that nobody knows."""

from __future__ import annotations

from typing import Any

from mmmigrate.converters.packs.change import Report
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList

_CONTAINERS = (TracedDict, TracedList)  # what else there is in a tree stays what it is


def translate_model(pack: Pack, value: Any, report: Report) -> Any:
    """Every ``dict(type=…)`` in a model, the inner ones first; what no table knows stays as it is, source and all."""
    if isinstance(value, TracedDict):
        told = {
            key: new
            for key, item in value.items()
            if isinstance(item, _CONTAINERS) and (new := translate_model(pack, item, report)) is not item
        }
        node = value
        if told:
            node = TracedDict((key, Slot(told.get(key, slot.value), slot.origin)) for key, slot in value.slots())
        return pack.translate(pack.models, node, report)
    if isinstance(value, TracedList):
        items = [translate_model(pack, item, report) if isinstance(item, _CONTAINERS) else item for item in value]
        if all(item is old for item, old in zip(items, value)):
            return value
        return TracedList(Slot(item, slot.origin) for item, slot in zip(items, value.slots()) if item is not None)
    return value


def with_scopes(pack: Pack, value: Any) -> Any:
    """A v3 tree in which borrowed classes are named with the scope that they come from."""
    if pack.borrows is None:
        return value
    if isinstance(value, TracedDict):
        result = TracedDict((key, Slot(with_scopes(pack, slot.value), slot.origin)) for key, slot in value.slots())
        if isinstance(value.get("type"), str):
            result.put("type", Slot(pack.scoped(value["type"]), value.slot("type").origin))
        return result
    if isinstance(value, TracedList):
        return TracedList(Slot(with_scopes(pack, slot.value), slot.origin) for slot in value.slots())
    return value
