"""``evaluation`` -> ``train_cfg.val_interval``, ``val_evaluator`` and ``default_hooks.checkpoint.save_best``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedList
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.rule import Rule

EVALUATOR = "mmmigrate.compat.adapters.DatasetEvaluate"
# EvalHook's own arguments; every other one goes to `dataset.evaluate`.
_LOOP = ("start", "interval", "by_epoch", "dynamic_intervals", "_delete_")
_BEST = ("save_best", "rule", "greater_keys", "less_keys")
_WITHOUT_COUNTERPART = ("test_fn", "out_dir", "file_client_args", "tmpdir", "gpu_collect", "broadcast_bn_buffer")


def convert(exp: Experiment) -> None:
    section = exp.section("evaluation") or Section("evaluation", {})
    data = exp.get("data")
    has_val = isinstance(data, dict) and data.get("val") is not None
    exp.use("evaluation")
    if exp.run_length is not None and ("evaluation" in exp.v2 or (exp.complete and has_val)):
        _loop(exp, section)
    _best(exp, section)
    for key in _WITHOUT_COUNTERPART:
        if key in section:
            exp.note(
                f"evaluation.{key} has no counterpart and is dropped", "evaluation", section.take(key), Effect.MANUAL
            )
    for key in _LOOP:
        section.take(key)
    if exp.run_length is None and any(key in section for key in _LOOP):
        exp.deferred.add("evaluation")
    _evaluators(exp, section, [split for split in ("val", "test") if isinstance(data, dict) and data.get(split)])


def _evaluators(exp: Experiment, section: Section, splits: list[str]) -> None:
    """The arguments of `dataset.evaluate`, which are the same for both splits, for those that there are."""
    for split in splits:
        exp.put(f"{split}_evaluator", build(type=EVALUATOR, **dict(section.rest())))
    if section.rest() and "val" not in splits:
        if exp.complete:
            names = ", ".join(key for key, _ in section.rest())
            exp.note(f"there is no data.val to evaluate: {names} dropped", "evaluation", effect=Effect.MANUAL)
        else:
            exp.deferred.add("evaluation")


def _loop(exp: Experiment, section: Section) -> None:
    run = exp.run_length
    if run is None:
        raise RuntimeError("_loop needs a run length")
    if (
        "evaluation" in exp.v2 and exp.get("evaluation") is None
    ):  # no evaluation: the first one would come after the end
        exp.put("train_cfg.val_begin", run.length.value + 1)
        return
    interval = section.take("interval", 1)
    if run.kind == "iter" or interval.value != 1:
        exp.put("train_cfg.val_interval", interval)
    if section.value("start") is not None:
        _start(exp, section)
    if section.items.get("dynamic_intervals") is not None:
        exp.put("train_cfg.dynamic_intervals", _later(exp, section.take("dynamic_intervals")))
    by_epoch = section.take("by_epoch", run.kind == "epoch")
    if by_epoch.value is not (run.kind == "epoch"):
        message = f"by_epoch={by_epoch.value} in an {run.kind} runner: the v3 loop evaluates by {run.kind}"
        exp.note(message, "evaluation", by_epoch, Effect.MANUAL)
    length, every = run.length.value, interval.value
    if (
        isinstance(length, int)
        and isinstance(every, int)
        and every > 0
        and length % every
        and not section.value("start")
    ):
        message = f"mmengine also evaluates at the end of the run ({run.kind} {length}); mmcv only every {every}"
        exp.note(message, "evaluation", interval, Effect.MEASURED)


def _later(exp: Experiment, slot: Slot) -> TracedList:
    """v2 looks the interval up before it counts the epoch or iteration, v3 after: its milestones are one higher."""
    steps = slot.value
    if not isinstance(steps, list) or not all(isinstance(s, (tuple, list)) and len(s) == 2 for s in steps):
        exp.reject("evaluation", f"dynamic_intervals must be a list of (milestone, interval), not {steps!r}", slot)
    exp.note(
        "dynamic_intervals: v3 changes the interval one step earlier, so milestones are one higher", "evaluation", slot
    )
    return TracedList((begin + 1, interval) for begin, interval in steps)


def _start(exp: Experiment, section: Section) -> None:
    """v2 counts intervals from `start`; v3 evaluates where the interval divides, from `val_begin` on."""
    start, interval = section.take("start"), section.value("interval", 1)
    if isinstance(start.value, int) and isinstance(interval, int) and start.value % max(interval, 1) == 0:
        exp.put("train_cfg.val_begin", start)
    else:
        exp.put("train_cfg.val_begin", start)
        message = (
            f"v2 evaluates at {start.value}, {start.value}+{interval} …; v3 where {interval} divides, from there on"
        )
        exp.note(message, "evaluation", start, Effect.MEASURED)


def _best(exp: Experiment, section: Section) -> None:
    found = [(key, section.take(key)) for key in _BEST]
    if section.items.get("save_best") is None:
        return
    if exp.v3.get("default_hooks", {}).get("checkpoint") is None:  # v2 keeps the best without a checkpoint hook too
        exp.put("default_hooks.checkpoint", build(type="CheckpointHook", interval=-1))
        if exp.complete:  # and nothing but the best: no last checkpoint, and the best one's name as the runner counts
            exp.put("default_hooks.checkpoint.save_last", False)
            if exp.run_length is not None and exp.run_length.kind == "iter":
                exp.put("default_hooks.checkpoint.by_epoch", False)
    for key, slot in found:
        if slot.value is not None:
            exp.put(f"default_hooks.checkpoint.{key}", slot)


RULE = Rule(
    code="EVA001",
    title="evaluation by a hook",
    why="EvalHook runs the validation set every `interval` and keeps the best checkpoint. In mmengine the train loop "
    "has the interval, an evaluator the metric, and CheckpointHook the best checkpoint. Training is not touched.",
    before="runner = dict(type='EpochBasedRunner', max_epochs=12)\ncheckpoint_config = dict(interval=1)\n"
    "evaluation = dict(interval=2, save_best='auto')",
    after="train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=2)\n"
    "default_hooks = dict(\n    checkpoint=dict(type='CheckpointHook', interval=1, save_best='auto'))",
    effect=Effect.EXACT,
    reversible=True,
    makes={
        "val_evaluator": ("evaluation",),
        "test_evaluator": ("evaluation",),
        "train_cfg": ("evaluation",),
        "default_hooks": ("evaluation",),
    },
    convert=convert,
)
