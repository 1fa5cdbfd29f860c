"""The dataloaders of the three splits -> ``data``."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.experiment import Section

SPLITS = ("train", "val", "test")
_SAMPLERS = {
    "DefaultSampler",
    "InfiniteSampler",
    "mmmigrate.compat.adapters.GlobalRandomSampler",
    "mmmigrate.compat.adapters.IterLoaderSampler",
}
_OF_SAMPLER = {"type", "shuffle", "seed", "round_up"}
_TORCH = ("drop_last", "pin_memory", "prefetch_factor", "timeout", "multiprocessing_context")
_GROUPED = ("AspectRatioBatchSampler", "mmdet.AspectRatioBatchSampler")  # what mmdet 2 does without being asked
_PLAIN_COLLATE = ("default_collate", "pseudo_collate", None)


def convert(rev: Reversal) -> None:
    loaders = {split: rev.section(f"{split}_dataloader") for split in SPLITS}
    rev.use(*(f"{split}_dataloader" for split in SPLITS))
    if not any(loaders.values()):
        return
    data = TracedDict()
    train = loaders["train"]
    shared = {}
    if train is not None:
        for v3, v2 in (("batch_size", "samples_per_gpu"), ("num_workers", "workers_per_gpu")):
            if v3 in train:
                data.put(v2, train.take(v3))
                shared[v2] = data[v2]
        if train.items.get("persistent_workers") is not None:
            data.put("persistent_workers", train.take("persistent_workers"))
    own = {}
    for split, loader in loaders.items():
        if loader is None:
            continue
        if "dataset" in loader:
            data.put(split, loader.take("dataset"))
        own[split] = _own(rev, split, loader, shared)
    for split, settings in own.items():
        if settings:
            data.put(f"{split}_dataloader", settings)
    rev.put("data", data)


def _own(rev: Reversal, split: str, loader: Section, shared: dict[str, Any]) -> TracedDict:
    """What a split's loader has for itself."""
    settings = TracedDict()
    if split != "train":
        batch, workers = loader.take("batch_size", 1), loader.take("num_workers")
        usual = shared.get("samples_per_gpu") if rev.test_batch_of_training else 1
        if batch.value != usual:
            settings.put("samples_per_gpu", batch)
        if workers.value is not None and workers.value != shared.get("workers_per_gpu"):
            settings.put("workers_per_gpu", workers)
        if loader.items.get("persistent_workers"):
            settings.put("persistent_workers", loader.take("persistent_workers"))
    for key in _TORCH:
        if loader.items.get(key) is not None:
            settings.put(key, loader.take(key))
    shuffle = _sampler(rev, split, loader, settings)
    if shuffle.value is not (split == "train"):
        settings.put("shuffle", shuffle)
    for key in ("persistent_workers", *_TORCH):
        loader.take(key)
    collate = loader.take("collate_fn")
    if (collate.value.get("type") if isinstance(collate.value, dict) else collate.value) not in _PLAIN_COLLATE:
        rev.cannot(f"{loader.name}.collate_fn: v2 collates by DataContainer", loader.name, collate)
    rev.report_rest(loader)
    return settings


def _sampler(rev: Reversal, split: str, loader: Section, settings: TracedDict) -> Slot:
    """Whether the split is shuffled; a sampler that v2 does not choose by itself is named in ``settings``."""
    sampler, grouped = loader.take("sampler"), loader.take("batch_sampler")
    if isinstance(grouped.value, dict):
        kind = grouped.value.get("type")
        if kind in _GROUPED:
            message = "batches of one orientation are mmdet 2's GroupSampler, which draws them in another order"
            rev.note(message, loader.name, grouped, Effect.MEASURED)
        else:
            rev.cannot(f"batch sampler {kind!r}: v2 has no key for one", loader.name, grouped)
    default = Slot(split == "train")
    if not isinstance(sampler.value, TracedDict):
        return default
    kind = sampler.value.get("type")
    if kind == "ClassAwareSampler":
        settings.put("class_aware_sampler", TracedDict(i for i in sampler.value.slots() if i[0] != "type"))
        return default
    if kind not in _SAMPLERS or sampler.value.keys() - _OF_SAMPLER:
        settings.put("sampler_cfg", sampler)
        message = f"sampler {kind!r} is named in sampler_cfg, which mmcls reads: its class must be registered in v2"
        rev.note(message, loader.name, sampler, Effect.MANUAL)
        return default
    for key in ("seed", "round_up"):
        if key in sampler.value:
            settings.put(key, sampler.value.slot(key))
    return sampler.value.slot("shuffle") if "shuffle" in sampler.value else Slot(True)  # both samplers' default


_LOADERS = tuple(f"{split}_dataloader" for split in SPLITS)
REVERSE = Reverse("DAT001", {"data": _LOADERS}, convert, owners=_LOADERS)
