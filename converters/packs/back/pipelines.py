"""A v3 pipeline in v2 terms: packing becomes formatting and collecting, the model's normalization returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mmmigrate.converters.packs.back.classes import ClassTable
from mmmigrate.converters.packs.change import Report, alike, get_path
from mmmigrate.converters.packs.once import Once
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, traced


class PipelineReturn:
    """Translates the pipelines of one config; a list that several keys share is translated once.

    ``normalizing`` are the steps that the model's preprocessor does in v3: normalization, padding; some more are done
    by parts of ``model``.
    """

    def __init__(self, pack: Pack, normalizing: list[TracedDict], model: Any, report: Report) -> None:
        self.pack = pack
        self.rules: Mapping[str, Any] = pack.back.get("pipeline", {})
        self.table = ClassTable(pack, "transforms")
        self.normalizing = [*normalizing, *self._of_model(model)]
        self.report = report
        self._once = Once(self._translate)
        self._loading = TracedList()  # the last pipeline that loads annotations

    def _of_model(self, model: Any) -> list[TracedDict]:
        steps = []
        for entry in self.rules.get("of_model", ()):
            if isinstance(model, TracedDict) and get_path(model, entry["if"]) is not None:
                steps.append(TracedDict((key, _looked_up(value, model)) for key, value in entry["step"].items()))
        return steps

    def translate(self, pipeline: TracedList, training: bool) -> TracedList:
        return self._once.of(pipeline, training)

    def found(self, pipeline: Any) -> TracedList | None:
        """A pipeline that was translated before, for training or for tests."""
        return self._once.found(pipeline)

    def _translate(self, pipeline: TracedList, training: bool) -> TracedList:
        steps, packing, keys = TracedList(), None, self._keys(pipeline, training)
        for slot in self._without_followers(pipeline):
            node = slot.value
            kind = _bare(node)
            if kind == self.pack.pipeline.get("pack") and isinstance(node, TracedDict):
                packing = node
            elif not training and kind in self.rules.get("tests_without", ()):
                continue
            elif isinstance(node, TracedDict):
                told = self.transform(node)
                if told is not None:
                    steps.push(Slot(told, slot.origin if told is node else None))
            else:
                steps.push(slot)
        if packing is None:
            return steps
        ending = self._ending(packing, training, keys)
        wrapper = self.rules.get("tests_in")
        if training or not wrapper:
            return TracedList([*steps.slots(), *map(Slot, ending)])
        return self._augmented(steps, ending, wrapper)

    def _without_followers(self, pipeline: TracedList) -> list[Slot]:
        """The steps without those that only v3 wants behind another."""
        kept: list[Slot] = []
        follows = [traced(step) for changes in self.pack.transforms.values() for c in changes for step in c.then]
        for slot in self._flat(pipeline):
            if not any(alike(slot.value, step) or slot.value == step for step in follows):
                kept.append(slot)
        return kept

    def _flat(self, pipeline: TracedList) -> list[Slot]:
        """The steps, with those that v3 gives several frames or proposals at once in the place of their wrapper."""
        kinds = [self.pack.pipeline, *(self.pack.pipeline.get("kinds") or {}).values()]
        wrappers = {kind["broadcast"]["type"] for kind in kinds if kind.get("broadcast")}
        flat: list[Slot] = []
        for slot in pipeline.slots():
            inner = slot.value.get("transforms") if _bare(slot.value) in wrappers else None
            flat += inner.slots() if isinstance(inner, TracedList) else [slot]
        return flat

    def transform(self, node: TracedDict) -> TracedDict | None:
        """One transform, with those inside it."""
        inner = node
        for key, slot in node.slots():
            if isinstance(slot.value, TracedList) and _holds_transforms(slot.value):
                inner = inner.copy() if inner is node else inner
                inner.put(key, Slot(self._inner(slot.value), slot.origin))
        return self.table.translate(inner, self.report)

    def _inner(self, items: TracedList) -> TracedList:
        result = TracedList()
        for slot in items.slots():
            if isinstance(slot.value, TracedList):
                result.push(Slot(self._inner(slot.value), slot.origin))
            elif isinstance(slot.value, TracedDict):
                told = self.transform(slot.value)
                if told is not None:
                    result.push(Slot(told, slot.origin if told is slot.value else None))
            else:
                result.push(slot)
        return result

    def _keys(self, pipeline: TracedList, training: bool) -> list[str]:
        """What v2 collects: the picture, and in training what was loaded of the annotations."""
        keys = list(self.rules.get("keys", ["img"]))
        if not training:
            return keys
        loads = self.rules.get("loads", {})
        if any(_bare(step) in loads for step in pipeline):
            self._loading = pipeline
        else:  # of a data set that mixes pictures, which the inner one loads
            pipeline = self._loading
        found = [*self.rules.get("train_keys", ())]
        for step in pipeline:
            for argument, names in loads.get(_bare(step), {}).items():
                default = argument.startswith("+")
                if step.get(argument.lstrip("+"), default):
                    found += names
                else:
                    found = [name for name in found if name not in names]
        return [*keys, *dict.fromkeys(found)]

    def _ending(self, packing: TracedDict, training: bool, keys: list[str]) -> list[TracedDict]:
        side = "train" if training else "test"
        steps = [step.copy() for step in self.normalizing if self._has_side(step, side)]
        for step in self.rules.get(f"{side}_ending", ()):
            made = traced(step)
            if made.get("keys") == "$keys":
                made = made.copy()
                made.put("keys", Slot(traced(keys)))
            steps.append(made)
        if steps and steps[-1].get("type") in self.pack.pipeline.get("collect", ()):
            self._collects(packing, steps[-1])
        return steps

    def _has_side(self, step: TracedDict, side: str) -> bool:
        return step.get("type") not in self.rules.get(f"not_in_{side}", ())

    def _collects(self, packing: TracedDict, collect: TracedDict) -> None:
        """What the packing step says goes to the collecting one, less what every v2 sample has."""
        names = {new: old for old, new in self.pack.pipeline.get("pack_args", {}).items()}
        metas = {new: old for old, new in self.pack.pipeline.get("meta_keys", {}).items() if new}
        for key, slot in packing.slots():
            if key == "type" or slot.value is None:
                continue
            if key not in names:
                self.report(f"{packing.get('type')}.{key} has no counterpart in v2's collecting step", slot)
                continue
            told = tuple(metas.get(item, item) for item in slot.value) if isinstance(slot.value, (list, tuple)) else ()
            more = [item for item in told if item not in self.rules.get("metas", ())]
            if more:
                collect.put(names[key], (*self.rules.get("metas", ()), *more))
                self.report(f"{packing.get('type')}.{key}: v2's pipeline must give {', '.join(map(str, more))}", slot)

    def _augmented(self, steps: TracedList, ending: list[TracedDict], wrapper: Mapping[str, Any]) -> TracedList:
        """v2 tests inside of its test-time augmentation, which says the size; with one size it augments nothing."""
        resizes = {*self.pack.pipeline.get("resizes", ())}
        slots = steps.slots()
        place = next((i for i, slot in enumerate(slots) if _bare(slot.value) in resizes), None)
        loads = {*self.pack.pipeline.get("loading", ()), *self.rules.get("loads", {})}
        start = place if place is not None else sum(1 for slot in slots if _bare(slot.value) in loads)
        made, inside = traced(dict(wrapper["wrapper"])), slots[start:]
        if place is not None:
            resize = slots[place].value.copy()
            name = next((key for key in wrapper["sizes"] if key in resize), None)
            if name is not None:
                made.put(wrapper["sizes"][name], resize.slot(name))
                resize.drop(name)
            else:
                made.absorb(traced(dict(wrapper["without_size"])))
            inside = [
                Slot(resize),
                *([Slot(traced({"type": wrapper["flip"]}))] if wrapper.get("flip") else []),
                *inside[1:],
            ]
        else:
            made.absorb(traced(dict(wrapper["without_size"])))
            inside = [*([Slot(traced({"type": wrapper["flip"]}))] if wrapper.get("flip") else []), *inside]
        ordered = TracedDict([("type", made["type"])])
        ordered.absorb(TracedDict(item for item in made.slots() if item[0] in wrapper["sizes"].values()))
        ordered.absorb(TracedDict(item for item in made.slots() if item[0] not in ordered))
        ordered.put("transforms", TracedList([*inside, *map(Slot, ending)]))
        return TracedList([*slots[:start], Slot(ordered)])


def _looked_up(template: Any, model: TracedDict) -> Slot:
    """``$place.in.the.model|default``, or the template itself."""
    if not isinstance(template, str) or not template.startswith("$"):
        return Slot(template)
    path, _, default = template[1:].partition("|")
    return get_path(model, path) or Slot(yaml.safe_load(default))


def _bare(node: Any) -> str:
    kind = node.get("type") if isinstance(node, Mapping) else None
    return kind.rpartition(".")[2] if isinstance(kind, str) else ""


def _holds_transforms(items: TracedList) -> bool:
    first = items[0] if items else None
    if isinstance(first, TracedList):
        return _holds_transforms(first)
    return isinstance(first, TracedDict) and isinstance(first.get("type"), str)
