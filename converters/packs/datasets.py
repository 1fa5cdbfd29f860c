"""A dataset in v3 terms: its root, annotations, prefixes, classes and pipeline where v3 looks for them."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmmigrate.converters.packs.change import Report, get_path, put_path
from mmmigrate.converters.packs.change import told as change_told
from mmmigrate.converters.packs.once import Once
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.packs.pipelines import Pipeline, PipelineTranslator
from mmmigrate.converters.read.traced import Origin, Slot, TracedDict, TracedList, traced


@dataclass
class Dataset:
    """A converted dataset, the innermost old one (for its class and annotations), and its pipeline."""

    node: TracedDict
    v2: TracedDict
    pipeline: Pipeline | None = None


class DatasetTranslator:
    """Translates the datasets of one config."""

    def __init__(self, pack: Pack, pipelines: PipelineTranslator, root: Slot | None, report: Report) -> None:
        self.pack = pack
        self.pipelines = pipelines
        self.root = root
        self.report = report
        self._once = Once(self._translate)

    def found(self, node: TracedDict) -> Dataset | None:
        """A dataset that was translated before, for training or for tests."""
        return self._once.found(node)

    def translate(self, node: TracedDict, training: bool) -> Dataset:
        """A dataset or a wrapper around others; ``v2`` of the result is the first that is no wrapper."""
        return self._once.of(node, training)

    def _translate(self, node: TracedDict, training: bool) -> Dataset:
        inner = self.pack.wrappers.get(str(node.get("type")))
        if inner is not None and isinstance(node.get(inner), (TracedDict, TracedList)):
            return self._wrapper(node, inner, training)
        if self.pack.dataset.get("source") and isinstance(node.get("data_source"), TracedDict):
            return self._sourced(node, training)
        lists = [key for key in self.pack.dataset.get("lists", ()) if isinstance(node.get(key), (TracedList, tuple))]
        if lists and any(len(node[key]) > 1 for key in lists):
            return self._several(node, lists, training)
        return self._single(node, training)

    def _wrapper(self, node: TracedDict, inner: str, training: bool) -> Dataset:
        told = self.pack.translate(self.pack.datasets, node, self.report) or node
        result = told if told is not node else node.copy()
        held = node.slot(inner)
        if isinstance(held.value, TracedDict):
            first = self.translate(held.value, training)
            result.put(inner, Slot(first.node, held.origin))
        else:
            done = [self.translate(item, training) for item in held.value if isinstance(item, TracedDict)]
            result.put(inner, Slot(TracedList(item.node for item in done), held.origin))
            first = done[0] if done else Dataset(result, node)
        if str(node.get("type")) in self.pack.dataset.get("unwrap", ()) and len(result.get(inner) or ()) == 1:
            return self._unwrapped(node, result[inner][0], first, training)
        if isinstance(node.get("pipeline"), TracedList):  # of a data set that mixes pictures
            pipeline = self.pipelines.translate(node["pipeline"], training)
            result.put("pipeline", Slot(pipeline.transforms, node.slot("pipeline").origin))
            return Dataset(result, first.v2, pipeline if pipeline.collected else first.pipeline)
        return Dataset(result, first.v2, first.pipeline)

    def _unwrapped(self, node: TracedDict, only: TracedDict, first: Dataset, training: bool) -> Dataset:
        """One dataset in a wrapper that gives all of them a pipeline."""
        result = only.copy()
        if not isinstance(node.get("pipeline"), TracedList):
            return Dataset(result, first.v2, first.pipeline)
        pipeline = self.pipelines.translate(node["pipeline"], training)
        result.put("pipeline", Slot(pipeline.transforms, node.slot("pipeline").origin))
        return Dataset(result, first.v2, pipeline)

    def _sourced(self, node: TracedDict, training: bool) -> Dataset:
        """A dataset that only prepared the pictures of another, the source: v3 has one, with the whole pipeline."""
        rules = self.pack.dataset["source"]
        source = self._single(node["data_source"], training)
        key = "pipelines" if isinstance(node.get("pipelines"), TracedList) else "pipeline"
        given = node.get(key)
        if not isinstance(given, TracedList):
            return source
        parts = [self.pipelines.translate(one, training) for one in (given if key == "pipelines" else [given])]
        steps = TracedList([traced(rules["load"])])
        if key == "pipelines":
            views = TracedDict([("type", rules["views"])])
            if "num_views" in node:
                views.put("num_views", node.slot("num_views"))
            views.put("transforms", TracedList(part.transforms for part in parts))
            steps.push(views)
        else:
            steps = TracedList([*steps.slots(), *parts[0].transforms.slots()])
        if (more := rules.get("also", {}).get(node.get("type"))) is not None:
            steps.push(traced(more))
        whole = self.pipelines.packed(steps, parts[0])
        source.node.put("pipeline", whole.transforms)
        return Dataset(source.node, source.v2, whole)

    def _several(self, node: TracedDict, lists: list[str], training: bool) -> Dataset:
        """v2 makes one dataset of each annotation file; v3 says that in the config."""
        count = max(len(node[key]) for key in lists)
        done = []
        for index in range(count):
            one = node.copy()
            for key in lists:
                held = node.slot(key)
                items = held.value.slots() if isinstance(held.value, TracedList) else [Slot(i) for i in held.value]
                one.put(key, items[index] if len(items) > 1 else items[0])
            done.append(self._single(one, training))
        result = TracedDict([("type", "ConcatDataset")])
        for key, value in self.pack.dataset.get("concat", {}).get(str(node.get("type")), {}).items():
            result.put(key, Slot(traced(value)))
        result.put("datasets", TracedList(item.node for item in done))
        return Dataset(result, done[0].v2, done[0].pipeline)

    def _single(self, node: TracedDict, training: bool) -> Dataset:
        rules = self.pack.dataset
        told = self.pack.translate(self.pack.datasets, node, self.report) or node
        result = TracedDict()
        renames = rules.get("rename", {})
        dropped = {*rules.get("drop", ()), *rules.get("drop_train" if training else "drop_test", ())}
        for key, slot in told.slots():
            if key not in dropped and not (slot.value is None and key in renames):
                name = renames.get(key, key)
                put_path(result, name, change_told("backend", slot) if name == "backend_args" else slot)
        kind = str(node.get("type"))
        layouts = rules.get("splits", {}).get(kind, {})
        if not training and "test_mode" not in result and any("test_mode" in layout for layout in layouts.values()):
            result.put("test_mode", True)  # v2's scripts build datasets of tests so
        self._without_root(result)
        if not self._as_split(result, layouts):
            self._below_root(result)
        settings = {**rules.get("always", {}), **rules.get("train" if training else "test", {})}
        settings.update((rules.get("classes", {}).get(kind) or {}).get("train" if training else "test", {}))
        for key, value in settings.items():
            if isinstance(value, str) and "{root}" in value:
                root = result.get("data_root")
                value = value.replace("{root}", root.rstrip("/")) if isinstance(root, str) else None
            if get_path(result, key) is None and value is not None:
                put_path(result, key, Slot(traced(value)))
        pipeline = None
        if isinstance(node.get("pipeline"), TracedList):
            pipeline = self.pipelines.translate(node["pipeline"], training)
            result.put("pipeline", Slot(pipeline.transforms, node.slot("pipeline").origin))
        return Dataset(result, node, pipeline)

    def _without_root(self, node: TracedDict) -> None:
        """Codebases of v2 that took whole paths beside a root: v3 puts the root before them."""
        root = node.get("data_root")
        if not isinstance(root, str) or not root:
            return
        for path in self.pack.dataset.get("below_root", ()):
            slot = get_path(node, path)
            if slot is not None and isinstance(slot.value, str) and slot.value.startswith(root):
                put_path(node, path, _split(slot, root)[1])
            elif slot is not None and isinstance(slot.value, TracedList):
                items = [_split(i, root)[1] if str(i.value).startswith(root) else i for i in slot.value.slots()]
                put_path(node, path, Slot(TracedList(items)))

    def _as_split(self, node: TracedDict, splits: Mapping[str, Mapping[str, Any]]) -> bool:
        """Tell files at the places where a benchmark keeps them by their root and the name of the split."""
        for split, layout in splits.items():
            root = _common_root(node, layout, self.pack.dataset.get("paths", ()))
            if root is None:
                continue
            kept = [item for item in node.slots() if item[0] not in layout and item[0] != "data_root"]
            node.clear()
            node.origins.clear()
            for key, slot in kept:
                node.put(key, slot)
                if key == "type":
                    node.put("data_root", self.root if self.root and self.root.value == root else Slot(root))
                    node.put("split", Slot(split))
            return True
        return False

    def _below_root(self, node: TracedDict) -> None:
        """Take the config's ``data_root`` out of the paths, if it is the beginning of every one of them."""
        paths = {path: slot for path in self.pack.dataset.get("paths", ()) if (slot := get_path(node, path))}
        texts = [slot.value for slot in paths.values() if slot.value]
        root = self.root.value if self.root is not None else None
        if root is None and self.pack.dataset.get("root") == "common":
            root = _common_folder(texts)
        if node.get("data_root") or not isinstance(root, str) or not root:
            return
        if not texts or not all(isinstance(text, str) and text.startswith(root) for text in texts):
            return
        place = None
        for path, slot in paths.items():
            if slot.value:
                head, rest = _split(slot, root)
                place = place or head
                put_path(node, path, rest)
        kept = node.copy()
        node.clear()
        node.origins.clear()
        for key, slot in kept.slots():
            node.put(key, slot)
            if key == "type":
                node.put("data_root", place or Slot(root))


def _common_folder(texts: list[Any]) -> str | None:
    """The folder in which several files and folders lie, with its slash; None where there is none."""
    if len(texts) < 2 or not all(isinstance(text, str) and not text.startswith("/") for text in texts):
        return None
    folder = posixpath.commonpath(texts)
    return f"{folder}/" if folder and folder not in texts else None


def _common_root(node: TracedDict, layout: Mapping[str, Any], paths: Sequence[str]) -> str | None:
    """The root under which a dataset's files lie as a layout says (``{root}/meta/val.txt``); None where they do not.

    A layout names every path that the dataset may have; ``false`` in it also holds for what is absent.
    """
    if any(path in node and path not in layout for path in paths):
        return None
    own, roots = node.get("data_root") or "", set()
    for key, wanted in layout.items():
        value = node.get(key)
        if isinstance(wanted, str) and wanted.startswith("{root}"):
            text = f"{own.rstrip('/')}/{value}" if own and isinstance(value, str) else value
            tail = wanted[len("{root}") :]
            if not isinstance(text, str) or not text.rstrip("/").endswith(tail):
                return None
            roots.add(text.rstrip("/")[: len(text.rstrip("/")) - len(tail)])
        elif value != wanted and not (wanted is False and key not in node):
            return None
    return roots.pop() if len(roots) == 1 else None


def _split(slot: Slot, root: str) -> tuple[Slot, Slot]:
    """``data_root + 'rest'`` as its two halves, each with its own source where it has one."""
    rest: Any = slot.value[len(root) :].lstrip("/") if not root.endswith("/") else slot.value[len(root) :]
    origin = slot.origin
    if origin is not None and isinstance(origin.node, ast.BinOp) and isinstance(origin.node.op, ast.Add):
        left, right = origin.node.left, origin.node.right
        return Slot(root, Origin(origin.source, left, left)), Slot(rest, Origin(origin.source, right, right))
    return Slot(root), Slot(rest)
