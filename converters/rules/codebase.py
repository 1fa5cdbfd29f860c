"""Models, datasets, pipelines and metrics of a codebase, by the pack that knows it."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.packs.best_metric import metric_name
from mmmigrate.converters.packs.change import get_path, put_path
from mmmigrate.converters.packs.choose import choose_pack, class_names
from mmmigrate.converters.packs.datasets import Dataset, DatasetTranslator
from mmmigrate.converters.packs.evaluators import evaluators
from mmmigrate.converters.packs.models import translate_model, with_scopes
from mmmigrate.converters.packs.pack import Pack
from mmmigrate.converters.packs.pipelines import PipelineTranslator
from mmmigrate.converters.packs.preprocessor import data_preprocessor, differing
from mmmigrate.converters.packs.tta import tta_model, tta_pipeline
from mmmigrate.converters.packs.variables import filled, variables
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList, traced
from mmmigrate.converters.rules.dataloaders import BATCH
from mmmigrate.converters.rules.evaluation import EVALUATOR
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import KEPT, UNKNOWN, Rule

_SPLITS = ("train", "val", "test")


def convert(exp: Experiment) -> None:
    pack = choose_pack(exp.v2, exp.options.packs)
    if pack is not None:
        _Codebase(exp, pack).convert()
        return
    for key in ("model", "data"):
        if isinstance(exp.get(key), dict):
            exp.remark(KEPT, f"{key}: classes and arguments of the codebase keep their v2 names", key)


class _Codebase:
    """One experiment and the pack that fits it."""

    def __init__(self, exp: Experiment, pack: Pack) -> None:
        self.exp = exp
        self.pack = pack
        self.pipelines = PipelineTranslator(pack, self._said("data"))
        root = exp.slot("data_root") if isinstance(exp.get("data_root"), str) else None
        self.datasets = DatasetTranslator(pack, self.pipelines, root, self._said("data"))
        self.done: dict[str, Dataset] = {}

    def convert(self) -> None:
        for split in _SPLITS:
            self._loader(split)
        self._phase_loader()
        self._test_of_validation()
        self._variables()
        self._model()
        for split in ("val", "test"):
            self._evaluator(split)
        self._best()
        self._preprocessor()
        self._fill()
        self._scopes()
        if self.exp.complete:
            self._runtime()
            self._tta()
        self._unknown()

    def _said(self, key: str) -> Any:
        return lambda message, slot: self.exp.note(message, key, slot, Effect.MANUAL)

    def _loader(self, split: str) -> None:
        loader = self.exp.v3.get(f"{split}_dataloader")
        if not isinstance(loader, TracedDict) or not isinstance(loader.get("dataset"), TracedDict):
            return
        old = loader.slot("dataset")
        dataset = self.done[split] = self.datasets.translate(old.value, split == "train")
        loader.put("dataset", Slot(self._once(dataset.node), old.origin))
        if split != "train" and self.pack.loaders.get("test_batch") == "train":
            self._test_batch(split, loader)
        self._settings(loader, "train" if split == "train" else "test")

    def _test_of_validation(self) -> None:
        """Codebases whose test script takes the split of validation."""
        if self.pack.loaders.get("test_split") != "val" or "test_dataloader" in self.exp.v3:
            return
        for key in ("dataloader", "cfg", "evaluator"):
            said = self.exp.v3.get(f"val_{key}")
            if isinstance(said, TracedDict):
                copy = TracedDict([("type", "TestLoop")]) if key == "cfg" else said.copy()
                self.exp.put(f"test_{key}", copy)
        if "val" in self.done:
            self.done["test"] = self.done["val"]

    def _once(self, dataset: TracedDict) -> TracedDict:
        """Without a repetition that only spared v2 the end of an epoch, in a codebase whose runs count iterations."""
        once = self.pack.dataset.get("repeated") == "never" and self._by_iteration()
        if not once or dataset.get("type") != "RepeatDataset" or not isinstance(dataset.get("dataset"), TracedDict):
            return dataset
        message = "RepeatDataset only put off the end of an epoch; InfiniteSampler has no epochs"
        self.exp.note(message, "data", dataset.slot("type"), Effect.MEASURED)
        inner = dataset["dataset"]
        return inner if isinstance(inner, TracedDict) else dataset

    def _phase_loader(self) -> None:
        """The data of a workflow's validation phases, which v2 loads and prepares as those of training."""
        loader = (self.exp.v3.get("train_cfg") or {}).get("phase_dataloader")
        if not isinstance(loader, TracedDict) or not isinstance(loader.get("dataset"), TracedDict):
            return
        old = loader.slot("dataset")
        loader.put("dataset", Slot(self.datasets.translate(old.value, True).node, old.origin))
        self._settings(loader, "train")

    def _settings(self, loader: TracedDict, side: str) -> None:
        """What the codebase's own loaders of training or of tests say, where the config does not."""
        for key, value in self.pack.loaders.get(side, {}).items():
            if key == "sampler":  # one of the codebase's own in place of the plain one
                loader.put("sampler", TracedDict([("type", value)]))
                continue
            if (
                value is not None
                and get_path(loader, key) is None
                and not (key == "batch_sampler" and self._by_iteration())
            ):
                put_path(loader, key, Slot(traced(value)))

    def _test_batch(self, split: str, loader: TracedDict) -> None:
        """Codebases whose test batches are as large as those of training, unless the split says otherwise."""
        data = self.exp.get("data")
        own = data.get(f"{split}_dataloader") if isinstance(data, TracedDict) else None
        for key in BATCH if isinstance(data, TracedDict) else ():
            if key in data and key not in (own or {}):
                loader.put("batch_size", data.slot(key))

    def _by_iteration(self) -> bool:
        return self.exp.run_length is not None and self.exp.run_length.kind == "iter"

    def _variables(self) -> None:
        """Pipelines and datasets that the config keeps in variables: expressions that name them stay as they are."""
        for key, slot in self.exp.v2.slots():
            if key in self.exp.used or key == "custom_hooks":
                continue
            if isinstance(slot.value, TracedList) and _is_pipeline(slot.value, self.pack):
                done = self.pipelines.found(slot.value) or self.pipelines.translate(slot.value, "train" in key)
                self._keep(key, Slot(done.transforms, slot.origin))
            elif isinstance(slot.value, TracedDict) and (dataset := self.datasets.found(slot.value)):
                self._keep(key, Slot(dataset.node, slot.origin))
        if any(dataset.pipeline and dataset.pipeline.normalize for dataset in self.done.values()):
            self.exp.use("img_norm_cfg")  # its values went into the preprocessor

    def _keep(self, key: str, slot: Slot) -> None:
        self.exp.use(key)
        self.exp.put(key, slot)

    def _model(self) -> None:
        model = self.exp.v3.slot("model") if "model" in self.exp.v3 else self.exp.slot("model")
        if isinstance(model.value, TracedDict):
            told = translate_model(self.pack, model.value, self._said("model"))
            self._keep("model", Slot(told, model.origin))

    def _evaluator(self, split: str) -> None:
        said = self.exp.v3.get(f"{split}_evaluator")
        dataset = self.done.get(split)
        if dataset is None or not isinstance(said, TracedDict) or said.get("type") != EVALUATOR:
            return
        arguments = TracedDict(item for item in said.slots() if item[0] != "type")
        for key, path in self.pack.evaluators.get("of_model", {}).items():
            said_there = get_path(self.exp.v3.get("model") or {}, path) or get_path(self.exp.get("model") or {}, path)
            said_there = said_there or get_path(self.exp.v2, path)
            if said_there is not None and key not in arguments:
                arguments.put(key, said_there)
        made = evaluators(self.pack, dataset, arguments, self._said("evaluation"))
        if made is None:
            kind = dataset.v2.get("type")
            self.exp.remark(UNKNOWN, f"no metric is known for {kind!r}: its `evaluate` stays, adapted", "data")
        else:
            self.exp.put(f"{split}_evaluator", made)

    def _best(self) -> None:
        """The metric of the best checkpoint, by the name that the new evaluator gives it."""
        checkpoint = (self.exp.v3.get("default_hooks") or {}).get("checkpoint")
        best = checkpoint.get("save_best") if isinstance(checkpoint, TracedDict) else None
        new = metric_name(self.exp.v3.get("val_evaluator"), best) if isinstance(best, str) else None
        if isinstance(checkpoint, TracedDict) and new is not None:
            checkpoint.put("save_best", new)
            self.exp.note(
                f"the metric {best!r} is called {new!r} by the new evaluator", "evaluation", None, Effect.EXACT
            )

    def _preprocessor(self) -> None:
        pipelines = [done.pipeline for done in self.done.values() if done.pipeline is not None]
        kind = next((str(done.v2.get("type")) for done in self.done.values()), None)
        made = data_preprocessor(self.pack, pipelines, kind)
        for message, slot in differing(self.pack, pipelines):
            self.exp.note(message, "data", slot, Effect.MANUAL)
        place = self.pack.preprocessor.get("place", "data_preprocessor")
        if made is None or (place.startswith("model.") and not isinstance(self.exp.v3.get("model"), TracedDict)):
            return
        if place.startswith("model."):
            model = self.exp.v3.slot("model")
            inherited = model.value.get("data_preprocessor")
            told = TracedDict(made.slots())
            for key, slot in inherited.slots() if isinstance(inherited, TracedDict) else []:
                told.put(key, slot)  # what the model asked for itself
            copy = TracedDict()
            for key, slot in model.value.slots():
                if key != "data_preprocessor":
                    copy.put(key, slot)
                if key == "type":
                    copy.put("data_preprocessor", told)
            self.exp.v3.put("model", Slot(copy, model.origin))
        else:
            self.exp.put(place, made)

    def _fill(self) -> None:
        """Put the pack's variables, which are read from the first dataset and its pipeline, where ``$name`` stands."""
        if not self.pack.variables:
            return
        first = next(iter(self.done.values()), None)
        values = variables(self.pack.variables, first.v2) if first is not None else {}
        for key, slot in self.exp.v3.slots():
            if isinstance(slot.value, (TracedDict, TracedList)):
                self.exp.v3.put(key, Slot(filled(slot.value, values), slot.origin))

    def _scopes(self) -> None:
        if self.pack.borrows is None:
            return
        for key, slot in self.exp.v3.slots():
            if key == "model" or key.endswith(("_dataloader", "_evaluator", "_pipeline", "data_preprocessor")):
                self.exp.v3.put(key, Slot(with_scopes(self.pack, slot.value), slot.origin))

    def _runtime(self) -> None:
        if self.pack.scope:
            self.exp.put("default_scope", self.pack.scope)
        for path, value in ((path, value) for path, value in self.pack.runtime.items() if value is not None):
            new = traced(value)
            said = self.exp.v3.get(path)
            if path == "visualizer" and isinstance(said, TracedDict) and "vis_backends" in said:
                new.put("vis_backends", said.slot("vis_backends"))  # the loggers that the config asked for
            put_path(self.exp.v3, path, Slot(new))

    def _tta(self) -> None:
        """The averaging over sizes and flips of v2's tests, which v3 does in a pipeline and a model of their own."""
        for dataset in (self.done.get("test"), self.done.get("val")):
            made = tta_pipeline(dataset.pipeline) if dataset and dataset.pipeline else None
            if made is not None and dataset is not None and dataset.pipeline is not None:
                template = dataset.pipeline.rules["tta_model"]
                self.exp.put("tta_pipeline", made)
                self.exp.put("tta_model", tta_model(template, self.exp.v3.get("model")))
                return

    def _unknown(self) -> None:
        """Classes that the new codebase does not have under the name that the new config gives."""
        if not self.pack.v3_names:
            return
        for key in ("model", *(f"{split}_dataloader" for split in _SPLITS)):
            names = class_names(self.exp.v3.get(key), self.pack.pipeline.get("foreign", ()))
            for name in sorted(names - self.pack.v3_names):
                if name[:1].isupper() and "." not in name:
                    gone = (
                        "is gone from the new codebase" if name in self.pack.v2_names else "is not one of its classes"
                    )
                    where = "model" if key == "model" else "data"
                    self.exp.remark(UNKNOWN, f"{name!r} {gone} (pack {self.pack.name}); it is kept by name", where)


def _is_pipeline(items: TracedList, pack: Pack) -> bool:
    return any(
        isinstance(item, TracedDict) and (item.get("type") in pack.transforms or item.get("type") in _steps(pack))
        for item in items
    )


def _steps(pack: Pack) -> set[str]:
    rules = pack.pipeline
    named = [
        *rules.get("tta", ()),
        *rules.get("collect", ()),
        *rules.get("normalize", ()),
        *rules.get("annotations", ()),
    ]
    return {*named, *rules.get("loading", ())}


RULE = Rule(
    code="PCK001",
    title="classes and arguments of a codebase",
    why="Each codebase renamed classes and arguments, moved normalization into the model and evaluation into metrics "
    "when it went from mmcv to mmengine. A pack, chosen by the classes that the config names, has its tables.",
    before="model = dict(\n    type='ImageClassifier',\n    train_cfg=dict(augments=dict(type='BatchMixup')))",
    after="model = dict(\n    type='ImageClassifier',\n    train_cfg=dict(augments=dict(type='Mixup')))",
    effect=Effect.MANUAL,
    reversible=True,
    makes={
        "model": ("model", "data"),
        "default_scope": ("model",),
        "visualizer": ("log_config",),
        "data_preprocessor": ("data",),
        "tta_pipeline": ("data",),
        "tta_model": ("data", "model"),
    },
    convert=convert,
)
