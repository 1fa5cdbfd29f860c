"""A v3 dataset in v2 terms: whole paths, and arguments where v2's classes have them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from mmmigrate.converters.packs.back.classes import ClassTable
from mmmigrate.converters.packs.back.pipelines import PipelineReturn
from mmmigrate.converters.packs.change import Report, alike, drop_path, get_path, put_path
from mmmigrate.converters.packs.once import Once
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, same


class DatasetReturn:
    """Translates the datasets of one config."""

    def __init__(self, pack: Pack, pipelines: PipelineReturn, root: Any, report: Report) -> None:
        self.pack = pack
        self.pipelines = pipelines
        self.root = root  # the config's own, below which v2 names every file
        self.report = report
        self.table = ClassTable(pack, "datasets")
        self.kinds: list[str] = []  # of v2, the innermost
        self._once: Once[TracedDict] = Once(self._translate)

    def found(self, node: Any) -> TracedDict | None:
        return self._once.found(node)

    def translate(self, node: TracedDict, training: bool) -> TracedDict | TracedList:
        return self._once.of(node, training)

    def _translate(self, node: TracedDict, training: bool) -> Any:
        kind = str(node.get("type")).rpartition(".")[2]
        inner = self.pack.wrappers.get(kind)
        if inner is not None and isinstance(node.get(inner), (TracedDict, TracedList)):
            return self._wrapper(node, inner, training)
        return self._single(node, training)

    def _wrapper(self, node: TracedDict, inner: str, training: bool) -> Any:
        held = node.slot(inner)
        result = self.table.translate(node, self.report)
        result = node.copy() if result is node or result is None else result
        if isinstance(held.value, TracedDict):
            result.put(inner, Slot(self.translate(held.value, training), held.origin))
        else:
            items = [self.translate(item, training) if isinstance(item, TracedDict) else item for item in held.value]
            if node.get("type") == "ConcatDataset":
                joined = self._joined(items) or (
                    TracedList(items) if self.pack.back["dataset"].get("concat_by_list") else None
                )
                if joined is not None:
                    return joined
            result.put(inner, TracedList(items))
        if isinstance(node.get("pipeline"), TracedList):
            told = self.pipelines.translate(node["pipeline"], training)
            result.put("pipeline", Slot(told, node.slot("pipeline").origin))
        return result

    def _joined(self, items: list[Any]) -> TracedDict | None:
        """Datasets that differ only in their files: v2 takes lists of files in one."""
        lists = self.pack.dataset.get("lists", ())
        first = items[0] if items else None
        if not lists or not isinstance(first, TracedDict) or not all(isinstance(item, TracedDict) for item in items):
            return None
        differing = [key for key in first if any(not same(item.get(key), first[key]) for item in items[1:])]
        if any(item.keys() != first.keys() for item in items) or not differing or set(differing) - {*lists}:
            return None
        result = first.copy()
        for key in differing:
            result.put(key, TracedList(item.slot(key) for item in items))
        return result

    def _single(self, node: TracedDict, training: bool) -> TracedDict:
        rules, side = self.pack.dataset, "train" if training else "test"
        result = node.copy()
        self._without_settings(result, side)
        self._whole_paths(result)
        told = self.table.translate(result, self.report)
        result = result if told is None or told is result else told
        kind = str(result.get("type"))
        if kind not in self.kinds:
            self.kinds.append(kind)
        result = self._renamed(result, rules.get("rename", {}))
        if isinstance(node.get("pipeline"), TracedList):
            pipeline = self.pipelines.translate(node["pipeline"], training)
            result.put("pipeline", Slot(pipeline, node.slot("pipeline").origin))
        return result

    def _renamed(self, node: TracedDict, renames: Mapping[str, str]) -> TracedDict:
        names = {new: old for old, new in renames.items()}
        for now, before in names.items():
            if "." in now and (slot := get_path(node, now)) is not None:
                drop_path(node, now)
                if slot.value is not None:
                    put_path(node, before, slot)
        result = TracedDict()
        for key, slot in node.slots():
            name = names.get(key, key)
            if name != key and slot.value is None:
                continue
            if isinstance(slot.value, TracedDict) and key in {new.partition(".")[0] for new in names if "." in new}:
                for inner in slot.value:
                    self.report(f"{node.get('type')}.{key}.{inner} has no counterpart in v2", slot.value.slot(inner))
                continue
            result.put(name, slot)
        return result

    def _without_settings(self, node: TracedDict, side: str) -> None:
        """Drop what v2 does without being told, and say what it would do otherwise."""
        rules = self.pack.dataset
        kind = str(node.get("type")).rpartition(".")[2]
        settings = {**rules.get("always", {}), **rules.get(side, {})}
        settings.update((rules.get("classes", {}).get(kind) or {}).get(side, {}))
        settings.update(self.pack.back.get("dataset", {}).get("idle", {}))
        for path, value in settings.items():
            slot = get_path(node, path)
            if slot is not None and alike(slot.value, value):
                drop_path(node, path)
            elif slot is None and path in self.pack.back.get("dataset", {}).get("unsaid", {}) and "pipeline" in node:
                put_path(node, path, Slot(self.pack.back["dataset"]["unsaid"][path]))

    def _whole_paths(self, node: TracedDict) -> None:
        self._from_split(node)
        root = node.get("data_root")
        paths = self.pack.dataset.get("paths", ())
        if not paths or not isinstance(root, str) or root != self.root:
            return
        given = {path: slot for path in paths if (slot := get_path(node, path)) is not None}
        if not all(isinstance(slot.value, str) for slot in given.values() if slot.value is not None):
            return
        node.drop("data_root")
        for path, slot in given.items():
            if slot.value is not None:
                put_path(node, path, Slot(posixpath.join(root, slot.value) if slot.value else root))

    def _from_split(self, node: TracedDict) -> None:
        """The files of a benchmark's split, which v2 is told one by one."""
        layouts = self.pack.dataset.get("splits", {}).get(str(node.get("type")).rpartition(".")[2], {})
        layout, root = layouts.get(node.get("split")), node.get("data_root")
        if layout is None or not isinstance(root, str):
            return
        node.drop("split")
        node.drop("data_root")
        for key, value in layout.items():
            if value is False or (key == "test_mode" and not value):
                continue  # v2's default
            node.put(key, value.replace("{root}", root.rstrip("/")) if isinstance(value, str) else value)
