"""``data`` -> one dataloader for each split, and the loops that use them."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.dataloaders import BATCH, SHARED, loader
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.mixed_precision import WRAPPER as MIXED_WRAPPER
from mmmigrate.converters.rules.rule import UNHANDLED, Rule

_SPLITS = ("train", "val", "test")


def convert(exp: Experiment) -> None:
    data = exp.section("data")
    if data is None:
        return
    splits = [split for split in _SPLITS if data.items.get(split) is not None]
    odd = [split for split in splits if not isinstance(data.items[split], (dict, list, tuple))]
    if odd:
        exp.remark(UNHANDLED, f"data.{odd[0]} is not a dataset; `data` is kept", "data", data.items.slot(odd[0]))
        return
    exp.use("data")
    for split in splits:
        exp.put(f"{split}_dataloader", loader(exp, data, split, data.take(split)))
        if split != "train":
            exp.put(f"{split}_cfg.type", "ValLoop" if split == "val" else "TestLoop")
            # the model stays in mixed precision when v2 evaluates; v2's test scripts look for the key `fp16` only
            if exp.v3.get("optim_wrapper", {}).get("type") == MIXED_WRAPPER and (split == "val" or exp.get("fp16")):
                exp.put(f"{split}_cfg.fp16", True)
    if "train" in splits:
        if exp.options.order == "v3":
            exp.note(f"{_order(exp)} (--order v2)", "data")
        if exp.complete and "batch_size" not in exp.v3["train_dataloader"]:
            message = f"the batch size is not given ({', '.join(BATCH)}): mmdet takes 2, torch 1"
            exp.note(message, "data", effect=Effect.MANUAL)
    for key in (*SHARED, *_SPLITS, *(f"{split}_dataloader" for split in _SPLITS), "_delete_"):
        data.take(key)
    exp.report_rest(data)


def _order(exp: Experiment) -> str:
    if "InfiniteSampler" in str(exp.v3["train_dataloader"]["sampler"].get("type")):
        message = "InfiniteSampler draws the order of v2's distributed sampler in the first pass, another one later"
        return f"{message} (DefaultSampler, with --schedule exact, draws v2's in all); one v2 process drew another"
    return "DefaultSampler draws the order of v2's distributed sampler; one v2 process drew another"


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
        **{f"{split}_dataloader": ("data",) for split in ("val", "test")},
        "train_dataloader": ("data", "sampler"),
        "val_cfg": ("data", "fp16", "optimizer_config"),
        "test_cfg": ("data", "fp16"),
    },
    convert=convert,
)
