"""``train_cfg``, ``val_cfg`` and ``test_cfg`` -> ``runner`` and ``workflow``; ``evaluation`` has its own file."""

from __future__ import annotations

from mmmigrate.converters.read.traced import TracedDict, TracedList
from mmmigrate.converters.reverse.reversal import LOOPS, Reversal, Reverse
from mmmigrate.converters.rules.experiment import Section
from mmmigrate.converters.rules.mixed_precision import WRAPPER as MIXED

EVALUATION = ("val_interval", "val_begin", "val_start", "dynamic_intervals")
_RUNNERS = {"epoch": "EpochBasedRunner", "iter": "IterBasedRunner"}
_OF_LOOPS = {"type", "by_epoch", "max_epochs", "max_iters", "workflow", "phase_dataloader", "fp16", *EVALUATION}
_PLAIN_LOOPS = ("ValLoop", "TestLoop", None)


def convert(rev: Reversal) -> None:
    _train(rev)
    for key in ("val_cfg", "test_cfg"):
        loop = rev.section(key)
        if key in rev.v3 and (loop is None or loop.items.keys() <= _OF_LOOPS):
            rev.use(key)
        if loop is not None and loop.items.keys() <= _OF_LOOPS:
            if MIXED in str((rev.get("optim_wrapper") or {}).get("type")):
                loop.take("fp16")  # what v2 trains in mixed precision, it evaluates in it
            if loop.value("type") not in _PLAIN_LOOPS:
                rev.cannot(f"{key}: v2 has no loop {loop.value('type')!r}", key)
            rev.report_rest(loop)


def _train(rev: Reversal) -> None:
    loop = rev.section("train_cfg")
    if loop is None:
        rev.use("train_cfg")
        return
    if "type" not in loop and not loop.items.keys() <= _OF_LOOPS:
        return  # the train_cfg of a model
    rev.use("train_cfg")
    kind = loop.value("type")
    if kind is not None and kind not in LOOPS:
        rev.cannot(f"train loop {kind!r}: v2 has no runner like it; it is dropped", "train_cfg")
    run = rev.run_length
    if run is not None:
        rev.put("runner", TracedDict([("type", _RUNNERS[run.kind]), (f"max_{run.kind}s", run.length)]))
        workflow = loop.take("workflow")
        rev.put("workflow", workflow if workflow.value is not None else TracedList([("train", 1)]))
    for key in _OF_LOOPS:
        loop.take(key)
    _report(rev, loop, kind)


def _report(rev: Reversal, loop: Section, kind: object) -> None:
    if kind is None or kind in LOOPS:
        rev.report_rest(loop)


REVERSE = Reverse("RUN001", {"runner": ("train_cfg",), "workflow": ("train_cfg",)}, convert)
