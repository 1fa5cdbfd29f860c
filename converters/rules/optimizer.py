"""``optimizer`` -> ``optim_wrapper.optimizer``: mmengine wraps the optimizer, which keeps type and arguments."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.rule import UNHANDLED, Rule

_BESIDE = ("constructor", "paramwise_cfg", "paramwise_options")
_CONSTRUCTORS = {"DefaultOptimizerConstructor": "DefaultOptimWrapperConstructor"}
# Same name in mmdet 3 and mmpretrain 1; every other constructor is a class of the user's own.
_KNOWN_CONSTRUCTORS = ("DefaultOptimWrapperConstructor", "LearningRateDecayOptimizerConstructor")


def convert(exp: Experiment) -> None:
    if "optimizer" not in exp.v2:
        return
    section = exp.section("optimizer")
    if section is None:
        exp.use("optimizer")
        exp.put("optim_wrapper", exp.slot("optimizer"))
        return
    if "type" not in section:
        exp.remark(UNHANDLED, "several optimizers in one config are not translated; `optimizer` is kept", "optimizer")
        return
    exp.use("optimizer")
    exp.put("optim_wrapper.type", "OptimWrapper")
    rest = section.items.copy()
    for key in _BESIDE:
        rest.drop(key)
    # With nothing taken out, the expression of the whole optimizer still stands for it
    exp.put("optim_wrapper.optimizer", exp.slot("optimizer") if len(rest) == len(section.items) else rest)
    _put_beside(exp, section)


def _put_beside(exp: Experiment, section: Section) -> None:
    if "constructor" in section:
        exp.put("optim_wrapper.constructor", section.take("constructor"))
    if "paramwise_cfg" in section:
        exp.put("optim_wrapper.paramwise_cfg", _paramwise(exp, section.take("paramwise_cfg")))
    constructor = section.items.get("constructor")
    if constructor in _CONSTRUCTORS:
        exp.put("optim_wrapper.constructor", _CONSTRUCTORS[constructor])
    elif constructor is not None and constructor not in _KNOWN_CONSTRUCTORS:
        message = f"constructor {constructor!r} must be registered in OPTIM_WRAPPER_CONSTRUCTORS: convert its code"
        exp.note(message, "optimizer", section.items.slot("constructor"), Effect.MANUAL)
    if "paramwise_options" in section:
        message = "optimizer.paramwise_options is the form before mmcv 0.6: rename its keys to those of paramwise_cfg"
        exp.remark(UNHANDLED, message, "optimizer", section.take("paramwise_options"))


def _paramwise(exp: Experiment, slot: Slot) -> Slot:
    """mmengine lets `bias_decay_mult` act on norms and depthwise convolutions too, unless they have their own key."""
    given = slot.value
    if not isinstance(given, TracedDict) or given.get("bias_decay_mult") is None:
        return slot
    if given["bias_decay_mult"] != given.get("dwconv_decay_mult", 1.0):
        message = "the bias of a depthwise convolution takes bias_decay_mult in v3; in v2 it took dwconv_decay_mult"
        exp.note(message, "optimizer", slot, Effect.MEASURED)
    if given.get("norm_decay_mult") is not None:
        return slot
    whole = given.copy()
    whole.put("norm_decay_mult", 1.0)
    return Slot(whole)


RULE = Rule(
    code="OPT001",
    title="optimizer outside an optim_wrapper",
    why="mmengine builds the optimizer inside `optim_wrapper`; `paramwise_cfg` and `constructor` stand beside it. "
    "The step is the same: backward, clip, step, with gradients zeroed around it. Where v2 left the biases of norms to "
    "`norm_decay_mult`, which is 1 unless given, v3 needs it said: else they take `bias_decay_mult`.",
    before="optimizer = dict(type='SGD', lr=0.02, paramwise_cfg=dict(norm_decay_mult=0.))",
    after="optim_wrapper = dict(\n    type='OptimWrapper',\n    optimizer=dict(type='SGD', lr=0.02),\n"
    "    paramwise_cfg=dict(norm_decay_mult=0.))",
    effect=Effect.EXACT,
    reversible=True,
    makes={"optim_wrapper": ("optimizer",)},
    convert=convert,
)
