"""``optimizer`` or ``optimizers`` -> ``optim_wrapper``: each is wrapped and keeps its type and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.param_groups import BESIDE, put_beside
from mmmigrate.converters.rules.rule import UNHANDLED, Rule

PARTS = "mmmigrate.compat.adapters.PartsOptimWrapperConstructor"
# torch.optim's, which both generations register under their own names
_TORCH = frozenset(
    ["ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon", "NAdam", "RAdam", "RMSprop", "Rprop"]
    + ["SGD", "SparseAdam"]
)


def convert(exp: Experiment) -> None:
    found = [key for key in ("optimizer", "optimizers") if key in exp.v2]
    if len(found) == 2 and all(exp.get(key) is not None for key in found):
        exp.remark(UNHANDLED, "optimizer and optimizers together: which one trains is up to the codebase", found[1])
        found = found[:1]
    for key in found:
        _convert(exp, key)


def _convert(exp: Experiment, key: str) -> None:
    section = exp.section(key)
    exp.use(key)
    if section is None:
        exp.put("optim_wrapper", exp.slot(key))
        return
    if is_several(section.items):
        several = TracedDict([("constructor", PARTS)])
        for name, slot in section.items.slots():
            if name != "_delete_":
                several.put(name, _wrapped(exp, key, Section(f"{key}.{name}", slot.value), slot))
        exp.put("optim_wrapper", several)
        message = f"an optimizer for each of {', '.join(map(str, section.items))}: the model's train_step steps them"
        exp.note(message, key, effect=Effect.EXACT)
        return
    if "type" not in section and exp.complete:
        exp.reject(key, f"{key} has no type: mmcv cannot build it (KeyError: 'type')")
    exp.put("optim_wrapper", _wrapped(exp, key, section, exp.slot(key)))


def is_several(optimizer: Any) -> bool:
    """Whether a config names optimizers of several parts of the model, as GANs have them."""
    if not isinstance(optimizer, Mapping) or "type" in optimizer:
        return False
    parts = [part for name, part in optimizer.items() if name != "_delete_"]
    return bool(parts) and all(isinstance(part, Mapping) and "type" in part for part in parts)


def _wrapped(exp: Experiment, key: str, section: Section, whole: Slot) -> TracedDict:
    wrapper = TracedDict([("type", "OptimWrapper")])
    rest = section.items.copy()
    for name in BESIDE:
        rest.drop(name)
    # With nothing taken out, the expression of the whole optimizer still stands for it
    wrapper.put("optimizer", whole if len(rest) == len(section.items) else rest)
    put_beside(exp, key, section, wrapper)
    kind = rest.get("type")
    if isinstance(kind, str) and kind not in _TORCH:
        message = f"optimizer {kind!r} is not torch's: its class must be registered in mmengine's OPTIMIZERS"
        exp.note(message, key, section.items.slot("type"), Effect.MANUAL)
    return wrapper


RULE = Rule(
    code="OPT001",
    title="optimizer outside an optim_wrapper",
    why="mmengine builds the optimizer inside `optim_wrapper`; `paramwise_cfg` and `constructor` stand beside it. "
    "The step is the same: backward, clip, step, with gradients zeroed around it. Where mmengine's constructor would "
    "make other parameter groups of the same options, one that makes mmcv's is named.",
    before="optimizer = dict(type='SGD', lr=0.02, paramwise_cfg=dict(norm_decay_mult=0.))",
    after="optim_wrapper = dict(\n    type='OptimWrapper',\n    optimizer=dict(type='SGD', lr=0.02),\n"
    "    paramwise_cfg=dict(norm_decay_mult=0.))",
    effect=Effect.EXACT,
    reversible=True,
    makes={"optim_wrapper": ("optimizer", "optimizers")},
    convert=convert,
)
