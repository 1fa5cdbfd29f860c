"""``custom_hooks`` keep their order and priorities; each class must be one of the new generation or run adapted."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.compat.priority import get_priority
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.hook_names import DEFAULT, IN_MMDET_3, RENAMED, SAME, translated
from mmmigrate.converters.rules.rule import Rule

_OPTIMIZER_PRIORITY = get_priority("ABOVE_NORMAL")
_CHECKPOINT_PRIORITY = get_priority("VERY_LOW")  # in v3; it is NORMAL in v2, before the custom hooks of that priority


def convert(exp: Experiment) -> None:
    hooks = exp.get("custom_hooks")
    exp.use("custom_hooks")
    if not exp.hooks and "custom_hooks" not in exp.v2:
        return
    old = hooks.slots() if isinstance(hooks, TracedList) else [exp.slot("custom_hooks")] if hooks is not None else []
    new = [slot for slot in (_converted(exp, slot) for slot in old) if slot is not None]
    added = [hook for _, hook in exp.hooks]
    if added or [slot.value for slot in new] != [slot.value for slot in old]:
        exp.put("custom_hooks", TracedList([*added, *new]))
    else:  # nothing changed: the text stands as it is
        exp.put("custom_hooks", exp.slot("custom_hooks"))


def _converted(exp: Experiment, slot: Slot) -> Slot | None:
    """The hook in v3; None for one that every v3 runner has anyway."""
    hook: Any = slot.value
    if not isinstance(hook, dict):
        return slot  # None: no hooks
    kind = hook.get("type")
    _check_priority(exp, slot)
    if kind is None:
        exp.note(
            "a hook without a type: mmcv cannot build it, nor can mmengine (KeyError: 'type')", "custom_hooks", slot
        )
        return slot
    if kind in DEFAULT:
        exp.note(f"hook {kind!r}: {DEFAULT[kind]}", "custom_hooks", slot, Effect.EXACT)
        return None
    if kind in RENAMED:
        new, left = translated(hook if isinstance(hook, TracedDict) else TracedDict(hook))
        exp.note(f"hook {kind!r}: {RENAMED[kind].why}", "custom_hooks", slot, RENAMED[kind].effect)
        for name in left:
            exp.note(f"{kind}.{name} has no counterpart and is dropped", "custom_hooks", slot, Effect.MANUAL)
        return Slot(new, slot.origin)  # its comments stay with it
    if kind in SAME:
        return slot
    if kind in IN_MMDET_3:
        message = f"hook {kind!r} has the same name and arguments in mmdet 3, which must be imported to register it"
        exp.note(message, "custom_hooks", slot, Effect.MANUAL)
        return slot
    message = (
        f"hook {kind!r} is kept by name: a v2 class runs through the bridge; in mmengine itself convert its code and "
        "register it in HOOKS"
    )
    exp.note(message, "custom_hooks", slot)
    return slot


def _check_priority(exp: Experiment, slot: Slot) -> None:
    kind, priority = slot.value.get("type"), slot.value.get("priority", "NORMAL")
    try:
        level = get_priority(priority)
    except (TypeError, ValueError, KeyError) as error:
        exp.reject("custom_hooks", f"priority {priority!r} of hook {kind!r}: {error}", slot)
    if level < _OPTIMIZER_PRIORITY and kind not in SAME and kind not in RENAMED:
        message = (
            f"hook {kind!r} goes before the optimizer step in after_train_iter: a v2 class that the bridge runs keeps "
            "that place, one rewritten for v3 comes after the step"
        )
        exp.note(message, "custom_hooks", slot)
    elif level < _CHECKPOINT_PRIORITY and kind not in SAME and _saves_by_iteration(exp):
        message = f"checkpoints by iteration were written before hook {kind!r} acted; v3 writes them after it"
        exp.note(message, "custom_hooks", slot)


def _saves_by_iteration(exp: Experiment) -> bool:
    config = exp.get("checkpoint_config")
    by_iteration = exp.run_length is not None and exp.run_length.kind == "iter"
    return isinstance(config, dict) and not config.get("by_epoch", not by_iteration)


RULE = Rule(
    code="HOK001",
    title="custom hooks",
    why="Priorities have the same names and numbers in both generations. The optimizer steps inside the model in v3, "
    "before all hooks; for a v2 class that went before the optimizer hook the bridge holds the step back. mmengine's "
    "EMA copies the weights at its first update where v2's blends, so a hook of our own averages as v2 does.",
    before="custom_hooks = [dict(type='EMAHook', momentum=0.001, priority='ABOVE_NORMAL')]",
    after="custom_hooks = [\n    dict(\n        type='mmmigrate.compat.adapters.V2EMAHook',\n        momentum=0.001,\n"
    "        priority='ABOVE_NORMAL')\n]",
    effect=Effect.MANUAL,
    reversible=True,
    makes={"custom_hooks": ("custom_hooks",)},
    convert=convert,
)
