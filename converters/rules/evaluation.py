"""``evaluation`` -> the times in ``train_cfg``, ``val_evaluator`` and ``default_hooks.checkpoint.save_best``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.best_checkpoint import put_best
from mmmigrate.converters.rules.evaluation_times import TIMES, put_times
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.hook_names import STATISTICS
from mmmigrate.converters.rules.rule import Rule

EVALUATOR = "mmmigrate.compat.adapters.DatasetEvaluate"
# EvalHook's own arguments; every other one goes to `dataset.evaluate`.
_WITHOUT_COUNTERPART = {
    "test_fn": "the val loop runs the model",
    "out_dir": "best checkpoints lie where default_hooks.checkpoint.out_dir says",
    "file_client_args": "best checkpoints lie where default_hooks.checkpoint.out_dir says",
    "type": "its hook is a class of the codebase; `mmmigrate code` makes it a validation loop: name it as val_cfg.type",
}
# How v2 gathers results of several processes, without effect on them.
_GATHERING = ("tmpdir", "gpu_collect", "pre_eval", "efficient_test")


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
    put_best(exp, section)
    if not switched_off and "val" in splits:
        _norm_statistics(exp, section)
    section.take("broadcast_bn_buffer")
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


def _norm_statistics(exp: Experiment, section: Section) -> None:
    """Before it evaluates in several processes, v2 gives all of them the batch-norm statistics of the first."""
    told = section.take("broadcast_bn_buffer", True)
    if not told.value:
        return
    if exp.options.schedule == "exact" and exp.options.order == "v3":
        exp.add_hook("evaluation", build(type=STATISTICS))
    elif exp.options.order == "v3" and "evaluation" in exp.v2:
        message = (
            "in several processes v2 evaluates all shares of the data with the batch-norm statistics of the first, "
            "mmengine each with its own (--schedule exact names a hook that does as v2)"
        )
        exp.note(message, "evaluation", effect=Effect.MEASURED)


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
        "custom_hooks": ("evaluation",),
    },
    convert=convert,
)
