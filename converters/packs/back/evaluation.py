"""v3 metrics as the arguments that v2's `dataset.evaluate` gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mmmigrate.converters.packs.back.classes import untold
from mmmigrate.converters.packs.change import Report, alike, put_path
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, traced


def evaluation(pack: Pack, evaluator: Any, kinds: list[str], report: Report) -> TracedDict | None:
    """The arguments for a `val_evaluator`; None where no metric in it is known. ``kinds``: the classes of datasets."""
    metrics: list[Any] = []
    made = TracedDict()
    known = False
    for entry in evaluator if isinstance(evaluator, list) else [evaluator]:
        template = _template(pack, entry, kinds)
        if template is None:
            if isinstance(entry, Mapping):
                report(f"the metric {entry.get('type')!r} is unknown to pack {pack.name}", _type_slot(entry))
            continue
        known = True
        _read(template, entry, made, metrics, report)
    if not known:
        return None
    if metrics:
        made.put("metric", metrics[0] if len(metrics) == 1 else Slot(traced(_flat(metrics))))
    for key, value in pack.back.get("evaluation", {}).items():
        if key not in made:
            made.put(key, Slot(traced(value)))
    return TracedDict(
        [*((k, s) for k, s in made.slots() if k == "metric"), *((k, s) for k, s in made.slots() if k != "metric")]
    )


def _template(pack: Pack, entry: Any, kinds: list[str]) -> Mapping[str, Any] | None:
    if not isinstance(entry, TracedDict):
        return None
    name = str(entry.get("type")).rpartition(".")[2]
    places = [kind for kind in kinds if kind in pack.evaluators] + ["default", *pack.evaluators]
    found = [template for place in places for template in pack.evaluators.get(place, ()) if template["type"] == name]
    return found[0] if found else None


def _read(template: Mapping[str, Any], entry: TracedDict, made: TracedDict, metrics: list[Any], report: Report) -> None:
    takes = {new: old for old, new in template.get("take", {}).items() if new}
    wanted = list(template.get("metrics", ()))
    said = False
    for key, slot in entry.slots():
        constant = template.get("args", {}).get(key)
        if key == "type" or slot.value is None or key in template.get("idle", ()):
            continue
        if isinstance(constant, str) and constant.startswith("$"):
            name, _, default = constant[1:].partition("|")
            how = template.get("values", {}).get(key)
            told = untold(how, slot) if how else slot
            if name == "metric":
                said = True
                metrics.append(told)
            elif name not in ("ann_file", "seg_prefix", "img_prefix", "label_file", "exclude_file") and not (
                default and alike(slot.value, yaml.safe_load(default))
            ):
                put_path(made, name, told)
        elif key in takes:
            if constant is None or not alike(slot.value, constant):
                made.put(takes[key], slot)
        elif constant is None or not alike(slot.value, constant):
            report(f"{entry.get('type')}.{key} is not an argument of v2's evaluation", slot)
    if wanted and not said:
        metrics.append(Slot(wanted[0]))


def _flat(slots: list[Slot]) -> list[Any]:
    values: list[Any] = []
    for slot in slots:
        values += slot.value if isinstance(slot.value, (list, TracedList, tuple)) else [slot.value]
    return list(dict.fromkeys(values))


def _type_slot(entry: Any) -> Slot:
    return entry.slot("type") if isinstance(entry, TracedDict) and "type" in entry else Slot(None)
