"""``custom_hooks`` keep their place; each class must be one of the new generation."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.compat.priority import get_priority
from mmmigrate.converters.read.traced import Slot, TracedList
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import Rule

# Hooks of mmcv that mmengine has under the same name, with the same arguments and effect.
_SAME = ("EmptyCacheHook",)
_OPTIMIZER_PRIORITY = get_priority("ABOVE_NORMAL")


def convert(exp: Experiment) -> None:
    if "custom_hooks" not in exp.v2:
        return
    hooks = exp.get("custom_hooks")
    exp.use("custom_hooks")
    exp.put("custom_hooks", exp.slot("custom_hooks"))
    for slot in hooks.slots() if isinstance(hooks, TracedList) else [exp.slot("custom_hooks")]:
        _check(exp, slot)


def _check(exp: Experiment, slot: Slot) -> None:
    hook: Any = slot.value
    if not isinstance(hook, dict):
        return  # None: no hooks
    kind, priority = hook.get("type"), hook.get("priority", "NORMAL")
    if kind not in _SAME:
        message = f"hook {kind!r} is kept by name: its class must be registered in mmengine's HOOKS (convert its code)"
        exp.note(message, "custom_hooks", slot)
    try:
        level = get_priority(priority)
    except (TypeError, ValueError, KeyError) as error:
        exp.reject("custom_hooks", f"priority {priority!r} of hook {kind!r}: {error}", slot)
    if level < _OPTIMIZER_PRIORITY:
        message = f"hook {kind!r} ran before the optimizer step in after_train_iter; in v3 the step is over by then"
        exp.note(message, "custom_hooks", slot)


RULE = Rule(
    code="HOK001",
    title="custom hooks",
    why="Priorities have the same names and numbers in both generations. The optimizer steps inside the model in v3: "
    "a hook that went before the optimizer hook no longer does.",
    before="custom_hooks = [dict(type='EmptyCacheHook', priority='LOW')]",
    after="custom_hooks = [dict(type='EmptyCacheHook', priority='LOW')]",
    effect=Effect.MANUAL,
    reversible=True,
    makes={"custom_hooks": ("custom_hooks",)},
    convert=convert,
)
