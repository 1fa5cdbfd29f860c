"""``workflow``: training phases are what a v3 loop does anyway; for phases of validation mmmigrate ships a loop."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.dataloaders import loader
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.loops import take_v2_loop
from mmmigrate.converters.rules.rule import Rule


def convert(exp: Experiment) -> None:
    if "workflow" not in exp.v2:
        return
    workflow = exp.get("workflow")
    phases = workflow if isinstance(workflow, (list, tuple)) else []
    for phase in phases:
        if not isinstance(phase, (list, tuple)) or len(phase) != 2 or phase[0] not in ("train", "val"):
            exp.reject("workflow", f"mmcv refuses this workflow: {phase!r} is not ('train' or 'val', length)")
    exp.use("workflow")
    if exp.complete and not any(mode == "train" for mode, _ in phases):
        exp.reject("workflow", "a workflow without a 'train' phase never ends")
    if all(mode == "train" for mode, _ in phases):
        return
    data = exp.get("data")
    if not exp.complete or not isinstance(data, dict):
        exp.deferred.add("workflow")
        return
    if data.get("val") is None:
        exp.reject("workflow", "the workflow has a 'val' phase, but data has no 'val'")
    take_v2_loop(exp)
    exp.put("train_cfg.workflow", exp.slot("workflow"))
    exp.put("train_cfg.phase_dataloader", _phase_loader(exp, data))
    exp.note("phases of validation: the loss on data.val, by a train loop of our own; mmengine has none", "workflow")


def _phase_loader(exp: Experiment, data: Any) -> TracedDict:
    """The loader of a val phase: the samples of `data.val` through the pipeline and the loader settings of training."""
    section = Section("data", data)
    dataset = section.items.slot("val")
    train: Any = data.get("train")
    while isinstance(train, dict) and "pipeline" not in train and "dataset" in train:
        train = train["dataset"]
    if isinstance(dataset.value, TracedDict) and isinstance(train, TracedDict) and "pipeline" in train:
        changed = dataset.value.copy()
        if "pipeline" in changed:
            changed.put("pipeline", train.slot("pipeline"))
        if changed.get("test_mode"):
            changed.put("test_mode", False)
        dataset = Slot(changed)
    return loader(exp, section, "train", dataset)


RULE = Rule(
    code="RUN002",
    title="workflow",
    why="Both v2 runners go through the phases again and again until the run is over, so a workflow of train phases "
    "of any length is the plain loop. A val phase computes the loss on data.val, which no loop of mmengine does; it "
    "draws random numbers too.",
    before="workflow = [('train', 1)]",
    after="",
    effect=Effect.EXACT,
    reversible=True,
    makes={"train_cfg": ("workflow",)},
    convert=convert,
)
