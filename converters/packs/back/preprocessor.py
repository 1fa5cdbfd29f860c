"""``data_preprocessor`` as the steps of a v2 pipeline that normalize and pad."""

from __future__ import annotations

from typing import Any

from mmmigrate.converters.packs.back.classes import untold
from mmmigrate.converters.packs.change import Report, alike
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import TracedDict


def normalizing_steps(pack: Pack, node: Any, report: Report) -> list[TracedDict]:
    """Normalization first, then padding; whatever else the preprocessor does is reported."""
    if not isinstance(node, TracedDict):
        return []
    rules, back = pack.preprocessor, pack.back.get("preprocessor", {})
    if not rules or not back:
        return []
    names = {new: old for old, new in rules.get("normalize", {}).items()}
    pads = {new: old for old, new in rules.get("pad", {}).items() if new}
    normalize, pad = TracedDict([("type", back["normalize"])]), TracedDict([("type", back.get("pad"))])
    for key, slot in node.slots():
        if key == "type" or slot.value is None or key in back.get("idle", ()):
            continue
        if key in ("mean", "std", *names, *back.get("arguments", ())):
            name = names.get(key, key)
            if name not in back.get("without", ()):
                how = rules.get("values", {}).get(name)
                normalize.put(name, untold(how, slot) if how else slot)
        elif key in pads:
            pad.put(pads[key], slot)
        elif not _is_idle(pack, key, slot.value):
            report(f"data_preprocessor.{key} has no counterpart in v2's pipelines", slot)
    steps = []
    if "mean" in normalize and "std" in normalize:
        for key, value in back.get("unsaid", {}).items():
            if key not in normalize:
                normalize.put(key, value)
        steps.append(normalize)
    if any(key in pad and pad[key] not in (1, None) for key in back.get("pads_if", pads.values())):
        steps.append(pad)
    return steps


def _is_idle(pack: Pack, key: str, value: Any) -> bool:
    """Whether the way forward sets it for every config, so that v2 does it without being told."""
    rules = pack.preprocessor
    made = [
        *rules.get("datasets", {}).values(), *rules.get("collected", {}).values(),
        rules.get("default", {}), rules.get("normalized", {}),
        {name: value for step in rules.get("steps", {}).values() for name in step.values()},
    ]  # fmt: skip
    return any(key in settings and alike(value, settings[key]) for settings in made) or value is False
