"""The model in v3 terms, and the names in it that nobody knows."""

from __future__ import annotations

from typing import Any

from mmmigrate.converters.packs.change import Report
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList


def translate_model(pack: Pack, value: Any, report: Report) -> Any:
    """Every ``dict(type=…)`` in a model, the inner ones first; what no table knows stays as it is, source and all."""
    if isinstance(value, TracedDict):
        result, changed = TracedDict(), False
        for key, slot in value.slots():
            told = translate_model(pack, slot.value, report)
            changed = changed or told is not slot.value
            result.put(key, Slot(told, slot.origin))
        node = result if changed else value
        return pack.translate(pack.models, node, report)
    if isinstance(value, TracedList):
        items = [Slot(translate_model(pack, slot.value, report), slot.origin) for slot in value.slots()]
        if all(item.value is old for item, old in zip(items, value)):
            return value
        return TracedList(item for item in items if item.value is not None)
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
