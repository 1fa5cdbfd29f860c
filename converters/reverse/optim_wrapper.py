"""``optim_wrapper`` -> ``optimizer``, ``optimizer_config`` and ``fp16``."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.experiment import Section

_ADAPTERS = "mmmigrate.compat.adapters."
_PARTS = f"{_ADAPTERS}PartsOptimWrapperConstructor"
_REGEX = f"{_ADAPTERS}RegexOptimWrapperConstructor"
# mmcv's own constructor under the names that it has in v3, and what v2 says for them
_DEFAULT = {
    "DefaultOptimWrapperConstructor": "DefaultOptimizerConstructor",
    f"{_ADAPTERS}V2OptimWrapperConstructor": "",
}
_PLAIN, _MIXED = "OptimWrapper", "AmpOptimWrapper"


def convert(rev: Reversal) -> None:
    if "optim_wrapper" not in rev.v3:
        return
    wrapper = rev.section("optim_wrapper")
    if wrapper is None:
        rev.use("optim_wrapper")
        rev.put("optimizer", rev.slot("optim_wrapper"))
        return
    if wrapper.items.get("constructor") == _PARTS:
        _several(rev, wrapper)
        return
    kind = wrapper.value("type", _PLAIN)
    if kind not in (_PLAIN, _MIXED):
        rev.cannot(
            f"optim wrapper {kind!r}: mmcv has no hook that steps like it; `optim_wrapper` is kept", "optim_wrapper"
        )
        return
    rev.use("optim_wrapper")
    optimizer = _optimizer(rev, wrapper)
    if optimizer.value is not None:
        rev.put("optimizer", optimizer)
    _hook(rev, wrapper, kind == _MIXED)
    rev.report_rest(wrapper)


def _several(rev: Reversal, wrapper: Section) -> None:
    rev.use("optim_wrapper")
    parts = TracedDict()
    for name, slot in wrapper.items.slots():
        if name == "constructor":
            continue
        part = Section(f"optim_wrapper.{name}", slot.value if isinstance(slot.value, dict) else {})
        part.take("type")
        parts.put(name, _optimizer(rev, part))
        rev.report_rest(part)
    rev.put("optimizer", parts)
    rev.put("optimizer_config", None)


def _optimizer(rev: Reversal, wrapper: Section) -> Slot:
    """The optimizer with what stands beside it in v3 back inside."""
    optimizer = wrapper.take("optimizer")
    constructor, paramwise = wrapper.take("constructor"), wrapper.take("paramwise_cfg")
    if constructor.value is None and paramwise.value is None:
        return optimizer
    inner = optimizer.value.copy() if isinstance(optimizer.value, TracedDict) else TracedDict()
    if constructor.value == _REGEX:
        inner.put("paramwise_options", paramwise)
        return Slot(inner)
    if constructor.value in _DEFAULT:
        if _DEFAULT[constructor.value]:
            inner.put("constructor", _DEFAULT[constructor.value])
    elif constructor.value is not None:
        inner.put(
            "constructor", Slot(str(constructor.value).replace("OptimWrapperConstructor", "OptimizerConstructor"))
        )
        message = f"constructor {constructor.value!r} must be registered in OPTIMIZER_BUILDERS: v2 needs its own class"
        rev.note(message, "optim_wrapper", constructor, Effect.MANUAL)
    if paramwise.value is not None:
        inner.put("paramwise_cfg", _paramwise(paramwise))
    return Slot(inner)


def _paramwise(options: Slot) -> Slot:
    """mmengine needs `norm_decay_mult=1.` beside a decay of biases to leave those of norms alone; mmcv leaves them."""
    items = options.value
    if isinstance(items, TracedDict) and items.get("bias_decay_mult", 1) != 1 and items.get("norm_decay_mult") == 1:
        return Slot(TracedDict(item for item in items.slots() if item[0] != "norm_decay_mult"))
    return options


def _hook(rev: Reversal, wrapper: Section, mixed: bool) -> None:
    """The optimizer hook, without which mmcv never steps."""
    rounds = wrapper.take("accumulative_counts", 1)
    clip = _clip(rev, wrapper.take("clip_grad"))
    hook: dict[str, Any] = {}
    scale = _scale(rev, wrapper) if mixed else None
    if rounds.value != 1:
        hook["type"] = f"GradientCumulative{'Fp16' if mixed else ''}OptimizerHook"
        hook["cumulative_iters"] = rounds
        if scale is not None:
            hook["loss_scale"] = scale
    elif scale is not None:
        rev.put("fp16", TracedDict([("loss_scale", scale)]))
    if "optimizer" in wrapper or rounds.value != 1 or clip.value is not None:
        rev.put("optimizer_config", TracedDict([*hook.items(), ("grad_clip", clip)]))


def _clip(rev: Reversal, clip: Slot) -> Slot:
    if not isinstance(clip.value, TracedDict):
        return clip
    if clip.value.get("type", "norm") != "norm":
        rev.cannot(f"clip_grad of type {clip.value['type']!r}: mmcv clips the norm only", "optim_wrapper", clip)
        return Slot(None)
    return clip if "type" not in clip.value else Slot(TracedDict(i for i in clip.value.slots() if i[0] != "type"))


def _scale(rev: Reversal, wrapper: Section) -> Slot:
    dtype = wrapper.take("dtype")
    if dtype.value not in (None, "float16"):
        rev.cannot(f"mixed precision in {dtype.value}: mmcv casts to float16", "optim_wrapper", dtype)
    scale = wrapper.take("loss_scale", "dynamic")
    whole = isinstance(scale.value, int) and not isinstance(scale.value, bool)
    rev.note("AmpOptimWrapper casts the forward pass, v2 what auto_fp16 marks", "optim_wrapper", effect=Effect.MEASURED)
    return Slot(float(scale.value)) if whole else scale  # mmcv refuses an int


REVERSE = Reverse(
    "OPT001",
    dict.fromkeys(("optimizer", "optimizer_config", "fp16"), ("optim_wrapper",)),
    convert,
)
