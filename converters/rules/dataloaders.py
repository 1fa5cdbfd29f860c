"""One dataloader of v3 from v2's ``data``: settings of one's own, of all splits, and of the dataset itself."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment, Section, build

_V2_ORDER = {
    "epoch": "mmmigrate.compat.adapters.GlobalRandomSampler",
    "iter": "mmmigrate.compat.adapters.IterLoaderSampler",
}
# The batch size by its names, the strongest first: mmdet before 2.0, mmaction
BATCH = ("imgs_per_gpu", "samples_per_gpu", "videos_per_gpu")
# Arguments of torch's DataLoader, which v2 hands on as they are
_TORCH = ("drop_last", "pin_memory", "prefetch_factor", "timeout", "multiprocessing_context")
SHARED = (*BATCH, "workers_per_gpu", "persistent_workers", "shuffle", *_TORCH)
# Of the process that builds the loader, which has them from elsewhere in v3
_OF_PROCESS = ("num_gpus", "dist", "runner_type", "_delete_")


def loader(exp: Experiment, data: Section, split: str, dataset: Slot) -> TracedDict:
    """The loader of `dataset` with the settings that `data` has for `split`; what is not known is reported."""
    own = Section(f"data.{split}_dataloader", data.value(f"{split}_dataloader") or {})
    dataset, inside = _without_batch_size(dataset)
    training = split == "train"
    batch = _first(own, BATCH) or inside or (_first(data, BATCH) if training else None) or Slot(None if training else 1)
    made = TracedDict()
    settings = [("batch_size", batch), ("num_workers", _setting("workers_per_gpu", own, data))]
    # what only training has in v2: validation neither drops samples nor keeps workers
    settings += [(key, _setting(key, own, data if training else None)) for key in ("persistent_workers", *_TORCH)]
    for key, slot in settings:
        if slot.value is not None:
            made.put(key, slot)
    made.put("sampler", _sampler(exp, own, data, split))
    made.put("dataset", _concatenated(dataset))
    for key in (*BATCH, *_OF_PROCESS):
        own.take(key)
    exp.report_rest(own)
    return made


def _first(section: Section, names: tuple[str, ...]) -> Slot | None:
    found = [section.take(name) for name in names if name in section]
    return next((slot for slot in found if slot.value is not None), None)


def _setting(key: str, own: Section, shared: Section | None) -> Slot:
    if key in own:
        return own.take(key)
    return Slot(None) if shared is None else shared.take(key)


def _without_batch_size(dataset: Slot) -> tuple[Slot, Slot | None]:
    """The dataset, and the batch size that mmdet 2 looks for inside that of val and test."""
    value = dataset.value
    if not isinstance(value, TracedDict) or "samples_per_gpu" not in value:
        return dataset, None
    rest = value.copy()
    rest.drop("samples_per_gpu")
    return Slot(rest), value.slot("samples_per_gpu")


def _concatenated(dataset: Slot) -> Slot:
    """A list of datasets is their concatenation; mmengine has to be told so."""
    if not isinstance(dataset.value, (list, tuple)):
        return dataset
    datasets = dataset if isinstance(dataset.value, list) else Slot(TracedList(dataset.value))
    return Slot(build(type="ConcatDataset", datasets=datasets))


def _sampler(exp: Experiment, own: Section, data: Section, split: str) -> TracedDict:
    training = split == "train"
    shuffle = own.take("shuffle") if "shuffle" in own else data.take("shuffle", True) if training else Slot(False)
    seed, round_up = own.take("seed"), own.take("round_up")
    extra: dict[str, Any] = {
        key: slot for key, slot in (("seed", seed), ("round_up", round_up)) if slot.value is not None
    }
    chosen = _named_sampler(exp, own, training)
    if chosen is not None:
        return chosen
    kind = exp.run_length.kind if exp.run_length else "epoch"
    if not training:
        return build(type="DefaultSampler", shuffle=shuffle, **extra)
    if exp.options.order == "v2" and shuffle.value:
        return build(type=_V2_ORDER[kind], shuffle=shuffle)
    if kind == "iter" and exp.options.schedule != "exact":  # v2 permutes each pass anew, as DefaultSampler does
        return build(type="InfiniteSampler", shuffle=shuffle, **({"seed": seed} if seed.value is not None else {}))
    return build(type="DefaultSampler", shuffle=shuffle, **extra)


def _named_sampler(exp: Experiment, own: Section, training: bool) -> TracedDict | None:
    """A sampler class that the loader names: mmdet's class-aware one, or one of the codebase's own."""
    aware = own.take("class_aware_sampler")
    if isinstance(aware.value, TracedDict):
        message = "class_aware_sampler is the sampler ClassAwareSampler of mmdet 3"
        exp.note(message, "data", aware, Effect.MANUAL)
        return TracedDict([("type", "ClassAwareSampler"), *aware.value.slots()])
    beside = exp.slot("sampler") if training else Slot(None)  # mmcls has it beside `data`, for the training data
    for named in (own.take("sampler_cfg"), own.take("sampler"), beside):
        if isinstance(named.value, TracedDict) and "type" in named.value:
            kind = named.value["type"]
            message = f"sampler {kind!r} must be registered in mmengine's DATA_SAMPLERS: convert its code"
            exp.note(message, "data", named, Effect.MANUAL)
            if named is beside:
                exp.use("sampler")
            return named.value.copy()
    return None
