"""``fp16``, or an fp16 hook in ``optimizer_config`` -> ``AmpOptimWrapper`` with the same loss scale."""

from __future__ import annotations

from collections.abc import Mapping

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.optimizer_config import APEX, MIXED, hook_kind
from mmmigrate.converters.rules.rule import Rule

WRAPPER = "AmpOptimWrapper"
# What torch's GradScaler takes; a dict with others is refused by mmcv too
_SCALER = frozenset(["init_scale", "growth_factor", "backoff_factor", "growth_interval", "enabled", "device"])
_DEFAULT_SCALE = 512.0


def convert(exp: Experiment) -> None:
    exp.use("fp16")
    fp16 = exp.section("fp16")
    hook = exp.section("optimizer_config")
    kind = hook_kind(hook) if hook else None
    apex = hook is not None and kind == APEX and bool(hook.value("use_fp16"))
    typed = hook is not None and hook.value("type") is not None
    if fp16 is not None and typed and kind not in MIXED and not apex:
        message = f"fp16 beside the optimizer hook {kind!r}: the codebases refuse it or do not read it; it is dropped"
        exp.note(message, "fp16", effect=Effect.MANUAL)
        return
    if (fp16 is None and kind not in MIXED and not apex) or "optim_wrapper" not in exp.v3:
        return
    source, key = (hook, "optimizer_config") if hook is not None and (typed or apex) else (fp16, "fp16")
    if source is None:
        return
    parts = exp.v3["optim_wrapper"]
    if "optimizer" not in parts:
        exp.note("mixed precision of several optimizers is up to the model's train_step", key, effect=Effect.MANUAL)
        return
    exp.put("optim_wrapper.type", WRAPPER)
    exp.put("optim_wrapper.loss_scale", _scale(exp, source, key, apex))
    for name in ("distributed", "grad_clip", "coalesce", "bucket_size_mb"):
        source.take(name)
    if fp16 is not None and source is fp16:
        exp.report_rest(fp16)
    message = (
        "v2 casts what auto_fp16 marks, AmpOptimWrapper the whole forward pass: the rounding of some layers differs"
    )
    if apex:
        message = "apex's O1 becomes torch's own mixed precision: which operations are cast differs a little"
    exp.note(message, key, effect=Effect.MEASURED)


def _scale(exp: Experiment, source: Section, key: str, apex: bool) -> Slot:
    scale = source.take("loss_scale", "dynamic" if apex else _DEFAULT_SCALE)
    value = scale.value
    if isinstance(value, Mapping):
        odd = [name for name in value if name not in _SCALER]
        if odd:
            exp.reject(key, f"loss_scale has {', '.join(map(str, odd))}, which torch's GradScaler does not take", scale)
    elif value != "dynamic" and not isinstance(value, float):
        exp.reject(key, f"mmcv refuses this loss_scale: it must be a float, a dict or 'dynamic', got {value!r}", scale)
    return scale


RULE = Rule(
    code="OPT003",
    title="mixed precision by fp16 or an fp16 optimizer hook",
    why="mmengine ignores a left-over `fp16`. Fp16OptimizerHook scales the loss by 512 unless told otherwise and "
    "keeps a number as it is; AmpOptimWrapper does the same with that number. `'dynamic'` and a dict make a GradScaler "
    "in both.",
    before="optimizer = dict(type='SGD', lr=0.02)\nfp16 = dict(loss_scale='dynamic')",
    after="optim_wrapper = dict(\n    type='AmpOptimWrapper',\n    optimizer=dict(type='SGD', lr=0.02),\n"
    "    loss_scale='dynamic')",
    effect=Effect.MEASURED,
    reversible=True,
    makes={"optim_wrapper": ("fp16", "optimizer_config")},
    convert=convert,
)
