"""``optimizer_config(grad_clip)`` -> ``optim_wrapper.clip_grad``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import UNHANDLED, Rule

_ACCUMULATING = "GradientCumulativeOptimizerHook"


def convert(exp: Experiment) -> None:
    if "optimizer_config" not in exp.v2:
        return
    section = exp.section("optimizer_config")
    if section is not None and section.value("type", "OptimizerHook") not in ("OptimizerHook", _ACCUMULATING):
        message = f"optimizer hook {section.value('type')!r} is not translated; `optimizer_config` is kept"
        exp.remark(UNHANDLED, message, "optimizer_config")
        return
    exp.use("optimizer_config")
    if section is None:
        if exp.complete:
            exp.note(
                "without an optimizer hook mmcv never steps; mmengine steps", "optimizer_config", effect=Effect.MANUAL
            )
        return
    if section.value("_delete_") is not None and exp.complete:
        message = "a `_delete_` that no base answers reaches OptimizerHook, which refuses it; it is dropped here"
        exp.note(message, "optimizer_config", effect=Effect.MANUAL)
    clip = section.take("grad_clip")
    if clip.value is not None and "optim_wrapper" in exp.v3:
        exp.put("optim_wrapper.clip_grad", clip)
    if section.items.get("type") == _ACCUMULATING and "optim_wrapper" in exp.v3:
        exp.put("optim_wrapper.accumulative_counts", section.take("cumulative_iters", 1))
    section.take("coalesce"), section.take("bucket_size_mb")  # of the time before DistributedDataParallel: unused
    if not section.items.get("detect_anomalous_params"):
        section.take("detect_anomalous_params")
    exp.report_rest(section)


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
    makes={"optim_wrapper": ("optimizer_config",)},
    convert=convert,
)
