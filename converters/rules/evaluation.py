"""``evaluation`` -> the times in ``train_cfg``, ``val_evaluator`` and ``default_hooks.checkpoint.save_best``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot
from mmmigrate.converters.rules.evaluation_times import TIMES, put_times
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.rule import Rule

EVALUATOR = "mmmigrate.compat.adapters.DatasetEvaluate"
# EvalHook's own arguments; every other one goes to `dataset.evaluate`.
_BEST = ("save_best", "rule", "greater_keys", "less_keys")
_WITHOUT_COUNTERPART = {
    "test_fn": "the val loop runs the model",
    "out_dir": "best checkpoints lie where default_hooks.checkpoint.out_dir says",
    "file_client_args": "best checkpoints lie where default_hooks.checkpoint.out_dir says",
    "type": "its hook is a class of the codebase: write what it computes as a metric",
}
# How v2 gathers results of several processes, without effect on them.
_GATHERING = ("tmpdir", "gpu_collect", "broadcast_bn_buffer", "pre_eval", "efficient_test")


def convert(exp: Experiment) -> None:
    given = exp.section("evaluation")
    section = given or Section("evaluation", {})
    data = exp.get("data")
    splits = [split for split in ("val", "test") if isinstance(data, dict) and data.get(split) is not None]
    switched_off = "evaluation" in exp.v2 and exp.get("evaluation") is None
    exp.use("evaluation")
    for key in ("_delete_", *_GATHERING):
        section.take(key)
    if exp.run_length is not None and ("evaluation" in exp.v2 or (exp.complete and "val" in splits)):
        put_times(exp, section, switched_off)
    _best(exp, section)
    for key, why in _WITHOUT_COUNTERPART.items():
        if section.items.get(key) is not None:
            slot = section.take(key)
            exp.note(f"evaluation.{key}={slot.value!r} is dropped: {why}", "evaluation", slot, Effect.MANUAL)
        section.take(key)
    for key in TIMES:
        section.take(key)
    if exp.run_length is None and (switched_off or any(key in section for key in TIMES)):
        exp.deferred.add("evaluation")
    _evaluators(exp, section, splits)


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


def _best(exp: Experiment, section: Section) -> None:
    found = {key: section.take(key) for key in _BEST}
    indicator = section.take("key_indicator")
    best = found["save_best"]
    if isinstance(best.value, bool) or (best.value is None and indicator.value is not None):
        best = _older_best(exp, best, indicator)
    if best.value is None:
        return
    if not isinstance(best.value, str):
        exp.reject("evaluation", f"mmcv refuses save_best={best.value!r}: it must be a str or None", best)
    if exp.v3.get("default_hooks", {}).get("checkpoint") is None:  # v2 keeps the best without a checkpoint hook too
        exp.put("default_hooks.checkpoint", build(type="CheckpointHook", interval=-1))
        if exp.complete:  # and nothing but the best: no last checkpoint, and the best one's name as the runner counts
            exp.put("default_hooks.checkpoint.save_last", False)
            if exp.run_length is not None and exp.run_length.kind == "iter":
                exp.put("default_hooks.checkpoint.by_epoch", False)
    _say_written_again(exp, section, best)
    for key, slot in {**found, "save_best": best}.items():
        if slot.value is not None:
            exp.put(f"default_hooks.checkpoint.{key}", slot)


def _say_written_again(exp: Experiment, section: Section, best: Slot) -> None:
    """mmengine writes the regular checkpoint again with each new best one, also where none is due."""
    interval, every = exp.v3["default_hooks"]["checkpoint"].get("interval", -1), section.items.get("interval", 1)
    if isinstance(interval, int) and isinstance(every, int) and interval > 0 and every % interval:
        message = f"mmengine also writes the regular checkpoint with a new best one, not only every {interval}"
        exp.note(message, "evaluation", best, Effect.MEASURED)


def _older_best(exp: Experiment, best: Slot, indicator: Slot) -> Slot:
    """`save_best=True, key_indicator='AP'`, the form before mmcv 1.3; the best was saved unless told otherwise."""
    if best.value is False or indicator.value is None:
        return Slot("auto") if best.value else Slot(None)
    message = f"key_indicator is save_best since mmcv 1.3: the best checkpoint is the one by {indicator.value!r}"
    exp.note(message, "evaluation", indicator, Effect.MEASURED)
    return indicator


RULE = Rule(
    code="EVA001",
    title="evaluation by a hook",
    why="EvalHook runs the validation set every `interval` and keeps the best checkpoint. In mmengine the train loop "
    "has the interval, an evaluator the metric, and CheckpointHook the best checkpoint. Training is not touched. "
    "mmengine's loops evaluate at the end of the run too and count from 0: where v2 does not, our own loop is named.",
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
