"""Test-time augmentation: the pictures that v2's test pipeline averages over, as v3's own pipeline and model for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.converters.packs.change import get_path
from mmmigrate.converters.packs.pipelines import Pipeline
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, traced


def tta_pipeline(pipeline: Pipeline) -> TracedList | None:
    """`TestTimeAug` with every size and flip of the old pipeline, whose single picture ``pipeline`` prepares."""
    rules = pipeline.rules.get("tta_model")
    if not rules or not (pipeline.scales or pipeline.flips):
        return None
    outside, inside = TracedList(), list[Slot]()
    loading = {*pipeline.rules.get("loading", ())} - {*rules.get("inside", ())}
    for slot in pipeline.transforms.slots():
        kind = slot.value.get("type") if isinstance(slot.value, TracedDict) else None
        if kind in loading and not inside:
            outside.push(slot)
        else:
            inside.append(slot)
    steps = TracedList()
    place = next((i for i, slot in enumerate(inside) if _is_resize(slot.value)), None)
    steps.push(_sizes(pipeline, inside.pop(place) if place is not None else None))
    flips = [TracedDict([("type", "RandomFlip"), ("prob", 0.0)])]
    for direction in pipeline.flips:
        flips.append(TracedDict([("type", "RandomFlip"), ("prob", 1.0), ("direction", direction)]))
    steps.push(TracedList(flips if pipeline.flips else []))
    for slot in inside:
        steps.push(TracedList([_packing(pipeline.rules, slot)]))
    variants = TracedList(step for step in steps.slots() if step.value)
    outside.push(TracedDict([("type", "TestTimeAug"), ("transforms", variants)]))
    return outside


def _is_resize(step: Any) -> bool:
    return isinstance(step, TracedDict) and step.get("type") == "Resize"


def _sizes(pipeline: Pipeline, resize: Slot | None) -> TracedList:
    """One resizing step for each size."""
    base = resize.value if resize is not None else TracedDict([("type", "Resize"), ("keep_ratio", True)])
    if not pipeline.scales:
        return TracedList([resize] if resize is not None else [])
    steps = TracedList()
    for scale in pipeline.scales:
        step = TracedDict(item for item in base.slots() if item[0] not in ("scale", "scale_factor"))
        step.put("scale_factor" if isinstance(scale, (int, float)) else "scale", scale)
        steps.push(step)
    return steps


def _packing(rules: Mapping[str, Any], slot: Slot) -> Slot:
    """The packing step, with what the model needs to turn predictions back."""
    step = slot.value
    if not isinstance(step, TracedDict) or step.get("type") != rules.get("pack"):
        return slot
    metas = step.get("meta_keys")
    if not isinstance(metas, (list, tuple)):
        return slot
    result = step.copy()
    result.put("meta_keys", tuple(dict.fromkeys([*metas, "flip", "flip_direction"])))
    return Slot(result)


def tta_model(template: Mapping[str, Any], model: Any) -> TracedDict:
    """The wrapper that averages; ``[place, place]`` in its template is the first place in the model that is there."""
    made = TracedDict()
    for key, value in template.items():
        if key == "inside":
            continue
        slot = _filled(value, model)
        if slot is not None:
            made.put(key, slot)
    return made


def _filled(template: Any, model: Any) -> Slot | None:
    if isinstance(template, list):
        found = [get_path(model, path) for path in template] if isinstance(model, TracedDict) else []
        return next((slot for slot in found if slot is not None), None)
    if isinstance(template, dict):
        items = ((key, _filled(value, model)) for key, value in template.items())
        return Slot(TracedDict((key, slot) for key, slot in items if slot is not None))
    return Slot(traced(template))
