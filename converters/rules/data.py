"""``data`` -> one dataloader for each split, and the loops that use them."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.rule import UNHANDLED, Rule

_V2_ORDER = {
    "epoch": "mmmigrate.compat.adapters.GlobalRandomSampler",
    "iter": "mmmigrate.compat.adapters.IterLoaderSampler",
}


def convert(exp: Experiment) -> None:
    data = exp.section("data")
    if data is None:
        return
    splits = [split for split in ("train", "val", "test") if data.items.get(split) is not None]
    odd = [split for split in splits if not isinstance(data.items[split], dict)]
    if odd:
        message = f"data.{odd[0]} is not one dataset but several; `data` is kept"
        exp.remark(UNHANDLED, message, "data", data.items.slot(odd[0]))
        return
    exp.use("data")
    for split in splits:
        _dataloader(exp, data, split)
        if split != "train":
            exp.put(f"{split}_cfg.type", "ValLoop" if split == "val" else "TestLoop")
    if "train" in splits and exp.options.order == "v3":
        message = "DefaultSampler draws the order of v2's distributed sampler; one v2 process drew another (--order v2)"
        exp.note(message, "data")
    for key in ("samples_per_gpu", "workers_per_gpu", "persistent_workers", "_delete_"):
        data.take(key)
    exp.report_rest(data)


def _dataloader(exp: Experiment, data: Section, split: str) -> None:
    own = Section(f"data.{split}_dataloader", data.value(f"{split}_dataloader") or {})
    dataset = data.take(split)
    loader = TracedDict()
    shared = data if split == "train" else Section("data", {})
    batch = _setting("samples_per_gpu", own, shared, None if split == "train" else 1)
    if "samples_per_gpu" in dataset.value:  # where mmdet 2 looks for the batch size of val and test
        batch = dataset.value.slot("samples_per_gpu") if isinstance(dataset.value, TracedDict) else batch
        dataset = Slot(TracedDict(item for item in dataset.value.slots() if item[0] != "samples_per_gpu"))
    for key, slot in (
        ("batch_size", batch),
        ("num_workers", _setting("workers_per_gpu", own, data, None)),
        ("persistent_workers", _setting("persistent_workers", own, shared, None)),
        ("drop_last", own.take("drop_last")),
        ("pin_memory", own.take("pin_memory")),
    ):
        if slot.value is not None:
            loader.put(key, slot)
    loader.put("sampler", _sampler(exp, own, split))
    loader.put("dataset", dataset)
    exp.put(f"{split}_dataloader", loader)
    for key in ("seed", "num_gpus", "dist", "_delete_"):
        own.take(key)
    exp.report_rest(own)


def _setting(key: str, own: Section, shared: Section, default: Any) -> Slot:
    inherited = shared.take(key, default)
    return own.take(key) if key in own else inherited


def _sampler(exp: Experiment, own: Section, split: str) -> TracedDict:
    shuffle = own.take("shuffle", split == "train")
    kind = exp.run_length.kind if exp.run_length else "epoch"
    if split != "train":
        return build(type="DefaultSampler", shuffle=shuffle)
    if exp.options.order == "v2":
        return build(type=_V2_ORDER[kind], shuffle=shuffle)
    return build(type="DefaultSampler" if kind == "epoch" else "InfiniteSampler", shuffle=shuffle)


RULE = Rule(
    code="DAT001",
    title="data",
    why="mmengine builds one dataloader from each config. In a distributed run DefaultSampler permutes as v2's sampler "
    "did, by seed + epoch; a single v2 process draws its order from the global generator (`--order v2` keeps that).",
    before="data = dict(\n    samples_per_gpu=2,\n    workers_per_gpu=2,\n    train=dict(type='CocoDataset'))",
    after="train_dataloader = dict(\n    batch_size=2,\n    num_workers=2,\n"
    "    sampler=dict(type='DefaultSampler', shuffle=True),\n    dataset=dict(type='CocoDataset'))",
    effect=Effect.MEASURED,
    reversible=True,
    makes={
        **{f"{split}_dataloader": ("data",) for split in ("train", "val", "test")},
        **{f"{split}_cfg": ("data",) for split in ("val", "test")},
    },
    convert=convert,
)
