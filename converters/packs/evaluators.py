"""What `dataset.evaluate` computed, as v3 metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mmmigrate.converters.packs.change import Report, get_path, told
from mmmigrate.converters.packs.datasets import Dataset
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, traced


def evaluators(pack: Pack, dataset: Dataset, said: TracedDict, report: Report) -> Any | None:
    """The evaluator for one split; ``said`` holds the arguments that `dataset.evaluate` got. None: no metric known.

    A template of the pack gives each metric. ``$name`` in it stands for an argument of `evaluate`, else of the
    dataset; an argument that no template takes is reported.
    """
    templates = pack.evaluators.get(str(dataset.v2.get("type")), pack.evaluators.get("default"))
    if templates is None:
        return None
    fitting = [template for template in templates if _fits(template, said)]
    taken = {"metric"}
    made = [_metric(pack, template, dataset.v2, said, taken) for template in fitting]
    for key, slot in said.slots():
        if key not in taken:
            report(f"evaluation.{key} is not an argument of {', '.join(str(m.get('type')) for m in made)}", slot)
    if not made:
        return None
    return made[0] if len(made) == 1 else TracedList(made)


def _fits(template: Mapping[str, Any], said: TracedDict) -> bool:
    wanted = template.get("metrics")
    if wanted is None:
        return True
    metric = said.get("metric", template.get("unsaid"))
    names = metric if isinstance(metric, (list, tuple)) else [metric]
    return any(name in wanted for name in names)


def _metric(
    pack: Pack, template: Mapping[str, Any], dataset: TracedDict, said: TracedDict, taken: set[str]
) -> TracedDict:
    made = TracedDict([("type", template["type"])])
    for key, value in template.get("args", {}).items():
        if isinstance(value, str) and value.startswith("$"):
            slot = _looked_up(pack, value[1:], dataset, said, taken)
            if slot is None:
                continue
            how = template.get("values", {}).get(key)
            slot = _wanted(slot, template["metrics"]) if value == "$metric" and "metrics" in template else slot
            made.put(key, told(how, slot) if how else slot)
        else:
            made.put(key, Slot(traced(value)))
    for name, key in template.get("take", {}).items():
        if name in said:
            taken.add(name)
            if key:
                made.put(key, said.slot(name))
    return made


def _wanted(metric: Slot, names: list[str]) -> Slot:
    """Of the metrics that a config asks for, those that this one computes."""
    if not isinstance(metric.value, TracedList) or all(name in names for name in metric.value):
        return metric
    return Slot(TracedList(slot for slot in metric.value.slots() if slot.value in names))


def _looked_up(pack: Pack, path: str, dataset: TracedDict, said: TracedDict, taken: set[str]) -> Slot | None:
    name, _, default = path.partition("|")
    if (slot := get_path(said, name)) is not None:
        taken.add(name.partition(".")[0])
        return slot
    if name in dataset:
        slot = dataset.slot(name)
        root = dataset.get("data_root")
        joins = not pack.dataset.get("whole_paths")
        if joins and isinstance(root, str) and isinstance(slot.value, str) and name.endswith("file"):
            return Slot(_joined(root, slot.value))
        return slot if slot.value is not None else None
    return Slot(traced(yaml.safe_load(default))) if default else None


def _joined(root: str, path: str) -> str:
    return path if path.startswith("/") or not root else f"{root.rstrip('/')}/{path}"
