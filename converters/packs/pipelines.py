"""A pipeline of transforms in v3 terms: what normalizes moves to the model, what collects becomes one packing step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.converters.packs.change import Report, filled_in
from mmmigrate.converters.packs.choose import class_names
from mmmigrate.converters.packs.once import Once
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, traced


@dataclass
class Pipeline:
    """A converted pipeline, and what of the old one the model takes over."""

    transforms: TracedList
    normalize: TracedDict | None = None
    pads: list[TracedDict] = field(default_factory=list)
    collected: tuple[str, ...] = ()
    annotations: TracedDict | None = None  # its step that loads annotations, in v3 terms
    rules: Mapping[str, Any] = field(default_factory=dict)  # the pack's for pipelines of its kind
    scales: tuple[Any, ...] = ()  # of test-time augmentation, where there is more than one picture
    flips: tuple[str, ...] = ()  # of test-time augmentation: the directions


class PipelineTranslator:
    """Translates the pipelines of one config; a list that several keys share is translated once."""

    def __init__(self, pack: Pack, report: Report) -> None:
        self.pack = pack
        self.report = report
        self._once = Once(self._translate)
        self.annotations: TracedDict | None = None

    def translate(self, pipeline: TracedList, training: bool) -> Pipeline:
        return self._once.of(pipeline, training)

    def packed(self, steps: TracedList, part: Pipeline) -> Pipeline:
        """A pipeline of the given steps, packed, which normalizes as a part of it did."""
        step = _packed(TracedDict(), part.rules)
        return Pipeline(TracedList([*steps.slots(), Slot(step)]), part.normalize, collected=("img",), rules=part.rules)

    def found(self, pipeline: Any) -> Pipeline | None:
        """A pipeline that was translated before, for training or for tests."""
        return self._once.found(pipeline)

    def _translate(self, pipeline: TracedList, training: bool) -> Pipeline:
        result = Pipeline(TracedList(), rules=self._rules(pipeline))
        for slot in self._inlined(pipeline, result):
            self._step(slot, result)
        if training:
            self._load_in_training(result)
        if training and result.annotations is not None:
            self.annotations = result.annotations
        if not training and result.annotations is None and result.collected:
            self._load_annotations(result)
        return result

    def _rules(self, pipeline: TracedList) -> Mapping[str, Any]:
        """Codebases for several tasks tell their kinds of pipelines by a step that only those have."""
        rules = self.pack.pipeline
        if not rules.get("kinds"):
            return rules
        names = class_names(pipeline)
        fitting = [kind for kind in rules["kinds"].values() if not names.isdisjoint(kind["steps"])]
        return {**rules, **fitting[0]} if fitting else rules

    def _load_in_training(self, result: Pipeline) -> None:
        """Annotations that came with the data set in v2 and that a step of their own loads in v3."""
        load = result.rules.get("load")
        if not load or not result.collected or result.annotations is not None:
            return
        steps = result.transforms.slots()
        kinds = [step.value.get("type") if isinstance(step.value, dict) else None for step in steps]
        place = 1 + max((i for i, kind in enumerate(kinds) if kind in result.rules.get("loading", ())), default=-1)
        result.annotations = traced(load)
        result.transforms = TracedList([*steps[:place], Slot(result.annotations), *steps[place:]])

    def _inlined(self, pipeline: TracedList, result: Pipeline) -> list[Slot]:
        """The steps, with those inside test-time augmentation in its place."""
        steps: list[Slot] = []
        for slot in pipeline.slots():
            node = slot.value
            if isinstance(node, TracedDict) and node.get("type") in self.pack.pipeline.get("tta", ()):
                steps += self._inside(node, result)
            elif isinstance(node, TracedDict) and node.get("type") in self.pack.pipeline.get("keeps", ()):
                steps += self._hoisted(node, result)
            else:
                steps.append(slot)
        return steps

    def _inside(self, tta: TracedDict, result: Pipeline) -> list[Slot]:
        scale = tta.slot("img_scale") if tta.get("img_scale") is not None else None
        if (
            scale is not None
            and isinstance(scale.value, list)
            and all(isinstance(i, (list, tuple)) for i in scale.value)
        ):
            result.scales = tuple(scale.value) if len(scale.value) > 1 else ()
            scale = scale.value.slots()[0] if isinstance(scale.value, TracedList) else Slot(scale.value[0])
        direction = tta.get("flip_direction", "horizontal")
        result.flips = tuple([direction] if isinstance(direction, str) else direction) if tta.get("flip") else ()
        ratios = tta.get("img_ratios") or tta.get("scale_factor")
        if isinstance(ratios, (list, tuple)):
            result.scales = _scales(scale, ratios)
            ratios = 1.0 if 1.0 in ratios else ratios[0]
        if result.scales or result.flips:
            self._given_up(tta)
        steps = []
        inner = tta.get("transforms")
        for slot in inner.slots() if isinstance(inner, TracedList) else []:
            node = slot.value
            kind = node.get("type") if isinstance(node, TracedDict) else None
            if kind in self.pack.pipeline.get("flips", ("RandomFlip",)):
                continue  # flips only where the augmentation says so
            if kind in self.pack.pipeline.get("resizes", ("Resize",)):
                if scale is None and ratios in (None, 1, 1.0) and not _says_size(node):
                    continue  # pictures keep their size
                node = node.copy()
                if scale is not None:
                    node.put("img_scale", scale)
                elif isinstance(ratios, (int, float)):
                    node.put("scale_factor", Slot(ratios))
                slot = Slot(node, None)
            steps.append(slot)
        return steps

    def _hoisted(self, wrapper: TracedDict, result: Pipeline) -> list[Slot]:
        """A wrapper that v3 has too, and behind it what v3 does once: normalization, packing."""
        inner = wrapper.get("transforms")
        if not isinstance(inner, TracedList):
            return [Slot(wrapper)]
        rules = result.rules
        moved = {*rules.get("collect", ()), *rules.get("normalize", ()), *rules.get("pad", {})}
        kinds = [step.get("type") if isinstance(step, dict) else None for step in inner]
        copy = wrapper.copy()
        copy.put("transforms", TracedList(s for s, kind in zip(inner.slots(), kinds) if kind not in moved))
        return [Slot(copy), *(slot for slot, kind in zip(inner.slots(), kinds) if kind in moved)]

    def _given_up(self, tta: TracedDict) -> None:
        message = f"{tta.get('type')} averaged over several sizes or flips; the new test sees one picture, unflipped"
        if "tta_model" in self.pack.pipeline:
            message += ": tta_pipeline and tta_model average when the test script is told to (--tta)"
        self.report(message, tta.slot("type"))

    def _step(self, slot: Slot, result: Pipeline) -> None:
        node, rules = slot.value, result.rules
        if not isinstance(node, TracedDict):
            result.transforms.push(slot)
            return
        kind = node.get("type")
        if kind in rules.get("normalize", ()):
            result.normalize = node
        elif kind in rules.get("pad", {}) and all(key in ("type", *rules["pad"][kind]) for key in node):
            result.pads.append(node)
        elif kind in rules.get("collect", ()):
            result.collected = tuple(str(key) for key in node.get("keys") or ())
            result.transforms.push(_packed(node, rules))
        elif kind not in rules.get("formatting", ()):
            told = self.transform(node)
            if told is not None:
                told = _of_kind(told, rules)
                if kind in rules.get("annotations", ()):
                    result.annotations = told
                _push(result, Slot(told, slot.origin), node)
            self._follow(node, result.transforms)

    def _follow(self, node: TracedDict, transforms: TracedList) -> None:
        """What v3 wants behind a step that did more in v2."""
        change = self.pack.change(self.pack.transforms, node)
        for step in change.then if change else ():
            transforms.push(filled_in(step, node))

    def transform(self, node: TracedDict) -> TracedDict | None:
        """One transform, with those inside it; None where it is to be removed."""
        told = self.pack.translate(self.pack.transforms, node, self.report)
        if told is None:
            return None
        result = told if told is not node else node.copy()
        for key, slot in told.slots():
            if isinstance(slot.value, TracedList) and _holds_transforms(slot.value):
                result.put(key, Slot(self._inner(slot.value), slot.origin))
            elif isinstance(slot.value, TracedDict):
                result.put(key, Slot(self._nested(slot.value), slot.origin))
        for key in self.pack.pipeline.get("words_of", ()):
            if key in result:
                result.put(key, _renamed_words(result.slot(key), self.pack.pipeline["words"]))
        return result

    def _nested(self, value: TracedDict) -> TracedDict:
        """An argument with transforms somewhere in it."""
        if self.pack.change(self.pack.transforms, value) is not None:
            return self.transform(value) or value
        result = value
        for key, slot in value.slots():
            told = self._nested(slot.value) if isinstance(slot.value, TracedDict) else slot.value
            if told is not slot.value:
                result = result.copy() if result is value else result
                result.put(key, told)
        return result

    def _inner(self, items: TracedList) -> TracedList:
        result = TracedList()
        for slot in items.slots():
            if isinstance(slot.value, TracedList):
                result.push(Slot(self._inner(slot.value), slot.origin))
            elif isinstance(slot.value, TracedDict):
                if slot.value.get("type") in self.pack.pipeline.get("formatting", ()):
                    continue
                told = self.transform(slot.value)
                if told is not None:
                    result.push(Slot(told, slot.origin))
                self._follow(slot.value, result)
            else:
                result.push(slot)
        return result

    def _load_annotations(self, result: Pipeline) -> None:
        """v3 metrics may read the annotations from the sample: load them behind whatever changes the picture's size."""
        rules = result.rules.get("test")
        if not rules or not rules.get("annotations"):
            return
        steps = result.transforms.slots()
        packed = next(
            (
                i
                for i, step in enumerate(steps)
                if isinstance(step.value, dict) and step.value.get("type") == result.rules["pack"]
            ),
            len(steps),
        )
        loaded = TracedDict([("type", rules["annotations"])])
        train = self.annotations
        for key, value in rules.get("args", {}).items():
            if value == "train" and train is not None and key in train:
                loaded.put(key, train.slot(key))
            elif value != "train":
                loaded.put(key, Slot(traced(value)))
        after = [
            i + 1
            for i, step in enumerate(steps)
            if isinstance(step.value, dict) and step.value.get("type") in rules["after"]
        ]
        place = after[0] if after else packed
        packing = steps[packed].value.copy() if packed < len(steps) else None
        if packing is not None:
            for key, value in rules.get("pack", {}).items():
                if key not in packing:
                    packing.put(key, Slot(traced(value)))
            steps[packed] = Slot(packing)
        then = [Slot(traced(step)) for step in rules.get("then", ())]
        result.transforms = TracedList([*steps[:place], Slot(loaded), *then, *steps[place:]])


def _packed(collect: TracedDict, rules: Mapping[str, Any]) -> TracedDict:
    packed = TracedDict([("type", rules["pack"])])
    for key, name in rules.get("pack_args", {}).items():
        if key in collect:
            packed.put(name, _renamed_keys(collect.slot(key), rules.get("meta_keys", {})))
    for key, value in rules.get("pack_always", {}).items():
        if key not in packed:
            packed.put(key, Slot(traced(value)))
    return packed


def _push(result: Pipeline, step: Slot, v2: TracedDict) -> None:
    """A step at the end of a pipeline. Steps for several frames go into one that gives each frame to all of them.

    Those that draw at random draw once for all frames, or for each: steps of another mind begin a new group.
    """
    rules = result.rules.get("broadcast")
    if not rules or not str(v2.get("type")).startswith(tuple(rules["steps"])):
        result.transforms.push(step)
        return
    shares = v2.get("share_params", True) if v2.get("type") in rules["drawing"] else None
    last: TracedDict = next((node for node in result.transforms[-1:] if isinstance(node, TracedDict)), TracedDict())
    is_group = last.get("type") == rules["type"]
    if is_group and (shares is None or last.get("share_random_params") in (None, shares)):
        last["transforms"].push(step)
        if shares is not None:
            last.put("share_random_params", shares)
        return
    group = TracedDict([("type", rules["type"])])
    if shares is not None:
        group.put("share_random_params", shares)
    group.put("transforms", TracedList([step]))
    result.transforms.push(group)


def _of_kind(step: TracedDict, rules: Mapping[str, Any]) -> TracedDict:
    """A step whose values are other words in pipelines of this kind."""
    words = rules.get("values", {}).get(step.get("type"), {})
    changed = {key: table[step[key]] for key, table in words.items() if step.get(key) in table}
    return step if not changed else TracedDict([*step.slots(), *((key, value) for key, value in changed.items())])


def _scales(scale: Slot | None, ratios: Sequence[Any]) -> tuple[Any, ...]:
    """The sizes of test-time augmentation by ratios, of the one size that is given or of each picture's own."""
    if scale is None or not isinstance(scale.value, (list, tuple)):
        return tuple(ratios) if len(ratios) > 1 else ()
    return tuple(tuple(int(edge * ratio) for edge in scale.value) for ratio in ratios) if len(ratios) > 1 else ()


def _says_size(resize: TracedDict) -> bool:
    return any(key in resize for key in ("img_scale", "scale", "scale_factor", "size"))


def _holds_transforms(items: TracedList) -> bool:
    first = items[0] if items else None
    if isinstance(first, TracedList):
        return _holds_transforms(first)
    return isinstance(first, TracedDict) and isinstance(first.get("type"), str)


def _renamed_words(slot: Slot, names: Mapping[str, str]) -> Slot:
    """The names of pictures in a sample, one or a list of them."""
    if isinstance(slot.value, str):
        return Slot(names[slot.value]) if slot.value in names else slot
    if not isinstance(slot.value, TracedList) or not any(item in names for item in slot.value):
        return slot
    return Slot(TracedList(Slot(names.get(i.value, i.value), i.origin) for i in slot.value.slots()))


def _renamed_keys(slot: Slot, names: Mapping[str, str | None]) -> Slot:
    if not isinstance(slot.value, (list, tuple)) or not any(key in names for key in slot.value):
        return slot
    kept = [names.get(key, key) for key in slot.value]
    return Slot(tuple(key for key in kept if key is not None))
