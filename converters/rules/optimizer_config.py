"""``optimizer_config`` -> ``optim_wrapper``: clipping and accumulation; a hook of the codebase's own is adapted."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.optimizer import is_several
from mmmigrate.converters.rules.rule import Rule

# mmcv's own, and the hook that several codebases wrote around apex
PLAIN = ("OptimizerHook", "GradientCumulativeOptimizerHook")
MIXED = ("Fp16OptimizerHook", "GradientCumulativeFp16OptimizerHook")
APEX = "DistOptimizerHook"
# of the time before DistributedDataParallel (unused), or dealt with by the rule of mixed precision
_ELSEWHERE = ("coalesce", "bucket_size_mb", "loss_scale", "distributed", "use_fp16")


def convert(exp: Experiment) -> None:
    if "optimizer_config" not in exp.v2:
        return
    section = exp.section("optimizer_config")
    exp.use("optimizer_config")
    several = any(is_several(exp.get(key)) for key in ("optimizer", "optimizers"))
    if section is None:
        if exp.complete and not several:
            exp.note(
                "without an optimizer hook mmcv never steps; mmengine steps", "optimizer_config", effect=Effect.MANUAL
            )
        return
    kind = hook_kind(section)
    if kind not in (*PLAIN, *MIXED, APEX):
        _adapt(exp, section, kind)
        return
    if section.value("_delete_") is not None and exp.complete:
        message = "a `_delete_` that no base answers reaches OptimizerHook, which refuses it; it is dropped here"
        exp.note(message, "optimizer_config", effect=Effect.MANUAL)
    if several:
        message = "with several optimizers the model steps them itself: the optimizer hook has nothing to act on"
        exp.note(message, "optimizer_config", effect=Effect.MANUAL)
    elif "optim_wrapper" in exp.v3:
        _clip_and_accumulate(exp, section)
    for key in ("grad_clip", "cumulative_iters", "update_interval", *_ELSEWHERE):
        section.take(key)
    if section.items.get("detect_anomalous_params"):
        message = "detect_anomalous_params has no counterpart: mmengine does not look for parameters outside the graph"
        exp.note(message, "optimizer_config", section.take("detect_anomalous_params"), Effect.MANUAL)
    section.take("detect_anomalous_params")
    exp.report_rest(section)


def hook_kind(section: Section) -> Any:
    """The type of the optimizer hook; codebases with a hook around apex leave its name out and give its arguments."""
    named = section.value("type")
    if named is not None:
        return named
    return APEX if "update_interval" in section or "use_fp16" in section else PLAIN[0]


def _clip_and_accumulate(exp: Experiment, section: Section) -> None:
    clip = section.take("grad_clip")
    if clip.value is not None:
        exp.put("optim_wrapper.clip_grad", clip)
    kind = hook_kind(section)
    if str(kind).startswith("GradientCumulative"):
        counts = section.take("cumulative_iters", 1)
        exp.put("optim_wrapper.accumulative_counts", counts)
        if exp.options.order == "v3" and counts.value != 1:
            message = (
                "in several processes mmcv reduces the gradients of every iteration, mmengine their sum before the "
                "step: the same but for rounding"
            )
            exp.note(message, "optimizer_config", counts, Effect.MEASURED)
    rounds = section.take("update_interval", 1)
    if kind == APEX and rounds.value != 1:
        exp.put("optim_wrapper.accumulative_counts", rounds)
        message = "mmengine divides the last, shorter round of an accumulation by its own length, and steps at its end"
        exp.note(message, "optimizer_config", rounds, Effect.MEASURED)


def _adapt(exp: Experiment, section: Section, kind: Any) -> None:
    """A subclass of OptimizerHook: it runs through the bridge, at the place that the optimizer hook has in v2."""
    entry = section.items.copy()
    entry.drop("_delete_")
    exp.add_hook("optimizer_config", entry, "ABOVE_NORMAL")
    message = (
        f"optimizer hook {kind!r} is a class of the codebase: it becomes a custom hook, which the bridge runs; "
        "for mmengine itself `mmmigrate code` makes it an optim wrapper where it can, to be named as optim_wrapper.type"
    )
    exp.note(message, "optimizer_config", section.items.slot("type"), Effect.MANUAL)


RULE = Rule(
    code="OPT002",
    title="gradient clipping or accumulation in optimizer_config",
    why="OptimizerHook clips between backward and step; OptimWrapper does so with the same arguments. Both divide "
    "the loss by the length of an accumulation, which is shorter in the last round, and step at its end.",
    before="optimizer = dict(type='SGD', lr=0.02)\noptimizer_config = dict(grad_clip=dict(max_norm=35, norm_type=2))",
    after="optim_wrapper = dict(\n    type='OptimWrapper',\n    optimizer=dict(type='SGD', lr=0.02),\n"
    "    clip_grad=dict(max_norm=35, norm_type=2))",
    effect=Effect.EXACT,
    reversible=True,
    makes={"optim_wrapper": ("optimizer_config",), "custom_hooks": ("optimizer_config",)},
    convert=convert,
)
