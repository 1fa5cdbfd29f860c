"""``paramwise_cfg`` and ``constructor`` of an optimizer: which constructor gives mmcv's parameter groups in v3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.rule import UNHANDLED

BESIDE = ("constructor", "paramwise_cfg", "paramwise_options")
_ADAPTERS = "mmmigrate.compat.adapters."
_DEFAULT = "DefaultOptimizerConstructor"
# Names that mmengine has itself.
_KNOWN = ("DefaultOptimWrapperConstructor",)
_MULTS = ("lr_mult", "decay_mult")
_OPTIONS = frozenset(
    [
        "bias_lr_mult",
        "bias_decay_mult",
        "norm_decay_mult",
        "dwconv_decay_mult",
        "dcn_offset_lr_mult",
        "custom_keys",
        "bypass_duplicate",
    ]
)


def put_beside(exp: Experiment, key: str, section: Section, wrapper: TracedDict) -> None:
    """Add `constructor` and `paramwise_cfg` to an optim wrapper, as the optimizer of the v2 key asks for them."""
    constructor, paramwise = section.take("constructor"), section.take("paramwise_cfg")
    if "paramwise_options" in section and constructor.value in (None, _DEFAULT):
        _put_older(exp, key, section.take("paramwise_options"), wrapper)
        return
    if constructor.value in (None, _DEFAULT):
        paramwise = _with_norms(exp, key, paramwise)
        why = _differs(paramwise.value)
        if why:
            wrapper.put("constructor", f"{_ADAPTERS}V2OptimWrapperConstructor")
            exp.note(f"mmcv's parameter groups, by a constructor of our own: {why}", key, paramwise, Effect.EXACT)
        elif constructor.value is not None:
            wrapper.put("constructor", "DefaultOptimWrapperConstructor")
    else:
        wrapper.put("constructor", constructor)
        if constructor.value not in _KNOWN:
            message = f"constructor {constructor.value!r} must be registered in OPTIM_WRAPPER_CONSTRUCTORS"
            exp.note(f"{message}: convert its code", key, constructor, Effect.MANUAL)
        if "paramwise_options" in section:  # codebases that say so hand it to the constructor under today's name
            wrapper.put("paramwise_cfg", section.take("paramwise_options"))
            return
    if "paramwise_cfg" in section:
        wrapper.put("paramwise_cfg", paramwise)


def _with_norms(exp: Experiment, key: str, slot: Slot) -> Slot:
    """mmengine lets `bias_decay_mult` act on the biases of norms unless norms have their own: say mmcv's default."""
    given = slot.value
    if not isinstance(given, TracedDict) or given.get("bias_decay_mult") is None or "norm_decay_mult" in given:
        return slot
    whole = given.copy()
    whole.put("norm_decay_mult", 1.0)
    if given["bias_decay_mult"] == 1 or _differs(whole):
        return slot
    exp.note("norm_decay_mult=1.0 is said: mmengine would take bias_decay_mult for norms", key, slot, Effect.EXACT)
    return Slot(whole, slot.origin)


def _differs(paramwise: Any) -> str:
    """Why mmengine's default constructor would make other groups of the same options; empty where it does not."""
    if not isinstance(paramwise, Mapping):
        return ""
    bias = paramwise.get("bias_decay_mult", 1.0)
    if bias != 1 and "norm_decay_mult" not in paramwise:
        return "mmengine gives the biases of norms bias_decay_mult where norm_decay_mult is absent"
    if "bias_decay_mult" in paramwise and bias != paramwise.get("dwconv_decay_mult", 1.0):
        return "mmengine gives the biases of depthwise convolutions bias_decay_mult, mmcv dwconv_decay_mult"
    if paramwise.get("flat_decay_mult") is not None:
        return "flat_decay_mult has no effect in mmcv"
    custom = paramwise.get("custom_keys")
    for name, settings in custom.items() if isinstance(custom, Mapping) else ():
        more = [setting for setting in settings if setting not in _MULTS] if isinstance(settings, Mapping) else []
        if more:
            return f"mmengine would set {', '.join(map(str, more))} of custom_keys[{name!r}], mmcv does not read it"
    return ""


def _put_older(exp: Experiment, key: str, options: Slot, wrapper: TracedDict) -> None:
    """``paramwise_options``: multipliers by the names of today's paramwise_cfg, or settings by regular expression."""
    value = options.value
    if _by_expression(value):
        wrapper.put("constructor", f"{_ADAPTERS}RegexOptimWrapperConstructor")
        wrapper.put("paramwise_cfg", options)
        exp.note("paramwise_options: settings by regular expression, as mmselfsup reads them", key, options)
        return
    if isinstance(value, Mapping) and value.keys() <= _OPTIONS:
        if _differs(value):
            wrapper.put("constructor", f"{_ADAPTERS}V2OptimWrapperConstructor")
        wrapper.put("paramwise_cfg", options)
        message = "paramwise_options is paramwise_cfg since mmcv 0.6; norms were told by their names (bn, gn) before"
        exp.note(message, key, options, Effect.MEASURED)
        return
    if value is None:
        return
    message = f"{key}.paramwise_options: neither multipliers of paramwise_cfg nor settings by regular expression"
    exp.remark(UNHANDLED, f"{message}; it is dropped", key, options)


def _by_expression(options: Any) -> bool:
    if not isinstance(options, Mapping) or not options or "custom_keys" in options:
        return False
    return all(isinstance(settings, Mapping) for settings in options.values())
