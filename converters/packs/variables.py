"""Values that several places of a v3 config share and that v2 kept with the dataset: an input size, a codec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.converters.packs.change import get_path
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, same, traced


def variables(templates: Mapping[str, Any], dataset: TracedDict) -> dict[str, Any]:
    """The pack's variables for one v2 dataset.

    A template is a value in which ``@a.b`` stands for a place in the dataset (``@Step.a`` for an argument of a step of
    its pipeline); it is left out where that place is empty, and a list of templates gives the first that can be made.
    """
    found = {}
    for name, template in templates.items():
        for option in template if isinstance(template, list) else [template]:
            value = _made(option, dataset)
            if value is not None:
                found[name] = value
                break
    return found


def _made(template: Any, dataset: TracedDict) -> Any:
    if isinstance(template, Mapping) and "of" in template:  # a table of values
        value = _place(str(template["of"]).removeprefix("@"), dataset)
        return next((new for old, new in template["is"].items() if same(old, value)), None)
    if isinstance(template, Mapping) and "unless" in template:
        return template["value"] if _place(template["unless"], dataset) is None else None
    if isinstance(template, Mapping):
        wanted = template.get("if")
        if wanted is not None and _place(wanted, dataset) is None:
            return None
        items = {key: _made(value, dataset) for key, value in template.items() if key != "if"}
        return None if not items else traced({key: value for key, value in items.items() if value is not None})
    if isinstance(template, str) and template.startswith("@"):
        value = _place(template[1:], dataset)
        return tuple(value) if isinstance(value, list) else value
    return template


def _place(path: str, dataset: TracedDict) -> Any:
    slot = get_path(dataset, path)
    if slot is not None:
        return slot.value
    step, _, argument = path.partition(".")
    for node in dataset.get("pipeline") or ():
        if isinstance(node, Mapping) and node.get("type") == step:
            return node.get(argument) if argument else step
    return None


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A tree with ``$name`` put in; an entry whose variable could not be made is left out. Untouched parts stay."""
    return _put_in(value, values) if _names_a_variable(value) else value


def _names_a_variable(tree: Any) -> bool:
    """Most trees do not: nothing of them needs to be built anew, nor looked at slot by slot."""
    stack = [tree]
    while stack:
        item = stack.pop()
        for inner in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
            if isinstance(inner, str):
                if inner[:1] == "$":
                    return True
            elif isinstance(inner, (dict, list)):
                stack.append(inner)
    return False


def _put_in(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, TracedDict):
        result, changed = TracedDict(), False
        for key, slot in value.slots():
            if isinstance(slot.value, str) and slot.value.startswith("$"):
                changed = True
                if slot.value[1:] in values:
                    result.put(key, Slot(values[slot.value[1:]]))
                continue
            inner = _put_in(slot.value, values)
            changed = changed or inner is not slot.value
            result.put(key, Slot(inner, slot.origin))
        return result if changed else value
    if isinstance(value, TracedList):
        items = [Slot(_put_in(slot.value, values), slot.origin) for slot in value.slots()]
        return value if all(item.value is old for item, old in zip(items, value)) else TracedList(items)
    return value
