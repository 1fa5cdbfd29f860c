"""Models, datasets, pipelines and metrics of a codebase, told in v2's words before the other rules read them."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.packs.back.classes import ClassTable
from mmmigrate.converters.packs.back.datasets import DatasetReturn
from mmmigrate.converters.packs.back.evaluation import evaluation
from mmmigrate.converters.packs.back.pipelines import PipelineReturn
from mmmigrate.converters.packs.back.preprocessor import normalizing_steps
from mmmigrate.converters.packs.best_metric import old_metric_name
from mmmigrate.converters.packs.change import drop_path, get_path
from mmmigrate.converters.packs.choose import choose_pack, class_names
from mmmigrate.converters.packs.pack import Pack, shared_names
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.evaluation import EVALUATOR
from mmmigrate.converters.rules.experiment import Note
from mmmigrate.converters.rules.rule import UNKNOWN

_SPLITS = ("train", "val", "test")


def convert(rev: Reversal) -> None:
    pack = choose_pack(rev.v3, rev.options.packs, "v3")
    if pack is not None and pack.back.get("pipeline"):
        _Codebase(rev, pack).convert()


class _Codebase:
    """One v3 experiment and the pack that fits it."""

    def __init__(self, rev: Reversal, pack: Pack) -> None:
        self.rev = rev
        self.pack = pack
        model = rev.get("model")
        self.preprocessor = self._preprocessor()
        root = rev.get("data_root")
        steps = normalizing_steps(pack, self.preprocessor, self._said("model"))
        self.pipelines = PipelineReturn(pack, steps, model, self._said("train_dataloader"))
        self.datasets = DatasetReturn(pack, self.pipelines, root, self._said("train_dataloader"))

    def convert(self) -> None:
        self.rev.told_by_pack = True
        self.rev.test_batch_of_training = self.pack.loaders.get("test_batch") == "train"
        evaluator = self.rev.v3.get("val_evaluator", self.rev.v3.get("test_evaluator"))
        for split in _SPLITS:
            self._loader(split)
        self._variables()
        self._evaluators(evaluator)
        self._unknown()

    def _said(self, key: str) -> Any:
        return lambda message, slot: self.rev.note(message, key, slot, Effect.MANUAL)

    def _preprocessor(self) -> Any:
        """The preprocessor's own dict; the model is translated, so that classes that ask for one have taken theirs."""
        rev, place = self.rev, self.pack.preprocessor.get("place", "data_preprocessor")
        found = rev.get("data_preprocessor")
        if isinstance(rev.get("model"), TracedDict):
            model = rev.slot("model")
            told = self._model(model.value)
            inner = told.get("data_preprocessor") if isinstance(told, TracedDict) else None
            if place.startswith("model.") or inner is not None:
                found = inner or found
                told = told.copy()
                told.drop("data_preprocessor")
            rev.v3.put("model", Slot(told, model.origin if told is model.value else None))
        if self.pack.preprocessor:
            rev.use("data_preprocessor")
        return found

    def _model(self, value: Any) -> Any:
        table = ClassTable(self.pack, "models")
        return _translated(table, value, self._said("model"))

    def _loader(self, split: str) -> None:
        loader = self.rev.v3.get(f"{split}_dataloader")
        if not isinstance(loader, TracedDict):
            return
        copy = loader.copy()
        for path, value in self.pack.loaders.get("train" if split == "train" else "test", {}).items():
            slot = get_path(copy, path)
            if slot is not None and slot.value == value and path != "batch_sampler":
                drop_path(copy, path)  # v2 does so without being told
        held = loader.slot("dataset") if "dataset" in loader else Slot(None)
        if isinstance(held.value, TracedDict):
            copy.put("dataset", Slot(self.datasets.translate(held.value, split == "train"), held.origin))
        self.rev.v3.put(f"{split}_dataloader", Slot(copy, self.rev.v3.origins.get(f"{split}_dataloader")))

    def _variables(self) -> None:
        """Pipelines and datasets that the config keeps in variables: expressions that name them stay as they are."""
        for key, slot in self.rev.v3.slots():
            if isinstance(slot.value, TracedList):
                told = self.pipelines.found(slot.value)
                if told is None and key.endswith("pipeline") and key != "tta_pipeline" and _is_pipeline(slot.value):
                    told = self.pipelines.translate(slot.value, "train" in key)
                if told is not None:
                    self.rev.v3.put(key, Slot(told, slot.origin))
            elif isinstance(slot.value, TracedDict) and (dataset := self.datasets.found(slot.value)) is not None:
                self.rev.v3.put(key, Slot(dataset, slot.origin))
        tta = [key for key in ("tta_pipeline", "tta_model") if key in self.rev.v3]
        if tta:
            message = "v3 averages over sizes and flips only when it is asked to; v2's test pipeline would always"
            self.rev.note(f"{', '.join(tta)}: {message}", tta[0], effect=Effect.EXACT)
            self.rev.use(*tta)

    def _evaluators(self, evaluator: Any) -> None:
        if evaluator is None or (isinstance(evaluator, TracedDict) and evaluator.get("type") == EVALUATOR):
            return
        made = evaluation(self.pack, evaluator, self.datasets.kinds, self._said("val_evaluator"))
        if made is None:
            return
        told = TracedDict([("type", EVALUATOR), *made.slots()])
        for key in ("val_evaluator", "test_evaluator"):
            if key in self.rev.v3:
                self.rev.v3.put(key, told)
        self._best(evaluator)

    def _best(self, evaluator: Any) -> None:
        hooks = self.rev.v3.get("default_hooks")
        checkpoint = hooks.get("checkpoint") if isinstance(hooks, TracedDict) else None
        best = checkpoint.get("save_best") if isinstance(checkpoint, TracedDict) else None
        old = old_metric_name(evaluator, best) if isinstance(best, str) else None
        if old is not None and isinstance(checkpoint, TracedDict) and isinstance(hooks, TracedDict):
            checkpoint, hooks = checkpoint.copy(), hooks.copy()
            checkpoint.put("save_best", old)
            hooks.put("checkpoint", checkpoint)
            self.rev.v3.put("default_hooks", hooks)

    def _unknown(self) -> None:
        """Classes that the old codebase does not have under the name that the old config gives."""
        known = self.pack.v2_names | shared_names()
        for key in ("model", *(f"{split}_dataloader" for split in _SPLITS)):
            value = self.rev.v3.get(key)
            held = value.get("dataset") if key != "model" and isinstance(value, dict) else value
            for name in sorted(class_names(held, self.pack.pipeline.get("foreign", ())) - known):
                if name[:1].isupper() and "." not in name:
                    new = name in self.pack.v3_names
                    why = "came with the new codebase" if new else "is not one of its classes"
                    message = f"{name!r} {why} (pack {self.pack.name}); it is kept by name"
                    self.rev.notes.append(Note(UNKNOWN, UNKNOWN.effect, message, key, self.rev.slot(key)))


def _translated(table: ClassTable, value: Any, report: Any) -> Any:
    """Every class in a tree, the outer ones first: what they move into inner ones is at home again before those."""
    if isinstance(value, TracedDict):
        node = table.translate(value, report) if isinstance(value.get("type"), str) else value
        if node is None:
            return None
        result, changed = TracedDict(), node is not value
        for key, slot in node.slots():
            told = _translated(table, slot.value, report)
            changed = changed or told is not slot.value
            if told is not None or slot.value is None:
                result.put(key, Slot(told, slot.origin))
        return result if changed else value
    if isinstance(value, TracedList):
        items = [Slot(_translated(table, slot.value, report), slot.origin) for slot in value.slots()]
        if all(item.value is old for item, old in zip(items, value)):
            return value
        return TracedList(item for item in items if item.value is not None)
    return value


def _is_pipeline(items: TracedList) -> bool:
    return bool(items) and all(isinstance(item, TracedDict) and isinstance(item.get("type"), str) for item in items)


REVERSE = Reverse("PCK001", {"model": ("model", "data_preprocessor")}, convert)
