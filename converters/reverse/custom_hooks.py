"""``custom_hooks`` keep their order and priorities; those that v2 keys were made into become keys again."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.hook_names import RENAMED, SAME, STATISTICS

# v3 name -> v2 name, where the hook does the same with the same arguments
_BACK = {rule.name: name for name, rule in RENAMED.items() if rule.name != name}
_SAME = (*SAME, "SyncBuffersHook")
# Hooks that v2 has under the same name and that do something else there.
_OTHER = {
    "EMAHook": "mmengine's copies the weights at its first update, mmcv's blends from the start on",
}
# The end of a hook's name and its priority -> the v2 key that it was made from
_KEYS = (("LrUpdaterHook", "VERY_HIGH", "lr_config"), ("MomentumUpdaterHook", "HIGH", "momentum_config"),
         ("OptimizerHook", "ABOVE_NORMAL", "optimizer_config"))  # fmt: skip


def convert(rev: Reversal) -> None:
    if "custom_hooks" not in rev.v3:
        return
    rev.use("custom_hooks")
    hooks = rev.get("custom_hooks")
    if not isinstance(hooks, TracedList):
        rev.put("custom_hooks", rev.slot("custom_hooks"))
        return
    kept: list[Any] = []
    for slot in hooks.slots():
        if not (isinstance(slot.value, TracedDict) and _as_key(rev, slot.value)):
            kept += _kept(rev, slot)
    if [item.value for item in kept] == list(hooks):
        rev.put("custom_hooks", rev.slot("custom_hooks"))
    elif kept:
        rev.put("custom_hooks", TracedList(kept))


def _as_key(rev: Reversal, hook: TracedDict) -> bool:
    for suffix, priority, key in _KEYS:
        kind = str(hook.get("type"))
        if kind.endswith(suffix) and kind != suffix and hook.get("priority") == priority:
            config = TracedDict(item for item in hook.slots() if item[0] != "priority")
            if key != "optimizer_config":
                config = TracedDict(
                    [("policy", kind.removesuffix(suffix)), *(i for i in config.slots() if i[0] != "type")]
                )
            rev.put(key, config)
            return True
    return False


def _kept(rev: Reversal, slot: Slot) -> list[Slot]:
    hook = slot.value
    kind = hook.get("type") if isinstance(hook, dict) else None
    if kind == STATISTICS:
        return []  # mmcv's evaluation hook does that itself
    if kind in _BACK and isinstance(hook, TracedDict):
        return [Slot(TracedDict((k, _BACK[kind] if k == "type" else item) for k, item in hook.slots()))]
    if kind == "ProfilerHook" and isinstance(hook, TracedDict):
        return [Slot(_profiler(hook))]
    if kind in _OTHER:
        rev.cannot(f"hook {kind!r} is dropped: {_OTHER[kind]}", "custom_hooks", slot)
        return []
    if kind is not None and kind not in _SAME:
        message = f"hook {kind!r} is kept by name: its class must be registered in mmcv's HOOKS"
        rev.note(message, "custom_hooks", slot, Effect.MANUAL)
    return [slot]


def _profiler(hook: TracedDict) -> TracedDict:
    """mmengine's two switches are a list of activities in mmcv."""
    switches = {"activity_with_cpu": "cpu", "activity_with_cuda": "cuda"}
    back = TracedDict(("profile_iters" if key == "profile_times" else key, item) for key, item in hook.slots())
    named = [name for switch, name in switches.items() if hook.get(switch, name == "cpu")]
    for switch in switches:
        back.drop(switch)
    back.put("activities", TracedList(named))
    return back


REVERSE = Reverse(
    "HOK001",
    {"custom_hooks": ("custom_hooks",), **{key: ("custom_hooks",) for _, _, key in _KEYS}},
    convert,
)
