"""``data_preprocessor``: what the pipelines normalized and padded, done by the model for a whole batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmmigrate.converters.packs.change import told
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.packs.pipelines import Pipeline
from mmmigrate.converters.read.traced import Slot, TracedDict, same, traced


def data_preprocessor(pack: Pack, pipelines: list[Pipeline], dataset: str | None) -> TracedDict | None:
    """Made from the first pipeline that normalizes (training comes first); None where none was collected."""
    rules = pack.preprocessor
    pipelines = [pipeline for pipeline in pipelines if pipeline.collected]
    if not rules or not pipelines:
        return None
    kind = pipelines[0].rules.get("preprocessor", rules.get("type"))
    if kind is None and "preprocessor" in pipelines[0].rules:
        return None  # pipelines of this kind leave the model nothing to do
    made = TracedDict([("type", kind)] if kind else [])
    for key, value in (rules.get("datasets", {}).get(dataset) or {}).items():
        made.put(key, Slot(traced(value)))
    normalizing = next((pipeline for pipeline in pipelines if pipeline.normalize is not None), None)
    if normalizing is not None and normalizing.normalize is not None:
        for key, slot in normalizing.normalize.slots():
            name = rules.get("normalize", {}).get(key, key)
            if key != "type" and name is not None:
                how = pipelines[0].rules.get("preprocessor_values", rules.get("values", {})).get(key)
                made.put(name, told(how, slot) if how else slot)
        for key, value in rules.get("unsaid", {}).items():
            name = rules.get("normalize", {}).get(key, key)
            if name not in made:
                made.put(name, Slot(traced(value)))  # v2's default, which is not v3's
        for key, value in rules.get("normalized", {}).items():
            made.put(key, Slot(traced(value)))
    for pipeline in pipelines[:1] if pipelines[0].pads else pipelines:
        for pad in pipeline.pads:
            _pad(made, pad, rules.get("pad", {}))
    for step in pipelines[0].transforms:
        for key, name in rules.get("steps", {}).get(step.get("type") if isinstance(step, dict) else None, {}).items():
            if isinstance(step, TracedDict) and key in step:
                made.put(name, step.slot(key))
    for key, value in {**rules.get("default", {}), **pipelines[0].rules.get("preprocessor_default", {})}.items():
        if key not in made:
            made.put(key, Slot(traced(value)))
    for key, settings in rules.get("collected", {}).items():
        if any(key in pipeline.collected for pipeline in pipelines):
            for name, value in settings.items():
                made.put(name, Slot(traced(value)))
    return made


def differing(pack: Pack, pipelines: list[Pipeline]) -> Iterator[tuple[str, Slot]]:
    """What the one preprocessor of a v3 model can not do for training and tests alike."""
    normalizing = [pipeline.normalize for pipeline in pipelines if pipeline.collected and pipeline.normalize]
    if not pack.preprocessor:
        return
    for other in normalizing[1:]:
        if not same(other, normalizing[0]):
            yield (
                f"{other.get('type')}: tests normalized otherwise than training; v3's model has one preprocessor, "
                "that of training",
                other.slot("type"),
            )
            return


def _pad(made: TracedDict, pad: TracedDict, names: dict[str, Any]) -> None:
    for key, slot in pad.slots():
        name = names.get(key)
        if name and name not in made:
            made.put(name, slot)
