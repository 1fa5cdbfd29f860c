"""What became of the hooks that mmcv and mmdet registered, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict

# Hooks that mmengine has under the same name, with the same arguments and effect.
SAME = ("EmptyCacheHook",)
# Hooks that every v3 runner has without being asked.
DEFAULT = {
    "DistSamplerSeedHook": "every v3 runner has it as default_hooks.sampler_seed",
    "IterTimerHook": "every v3 runner has it as default_hooks.timer",
}
# What mmcv's evaluation hook does beside evaluating, as a hook of its own.
STATISTICS = "mmmigrate.compat.adapters.V2NormStatisticsHook"
IN_MMDET_3 = ("CheckInvalidLossHook", "MemoryProfilerHook", "NumClassCheckHook", "SetEpochInfoHook", "SyncNormHook",
              "YOLOXModeSwitchHook")  # fmt: skip


@dataclass(frozen=True)
class Renamed:
    """A hook of another name in v3. ``renames`` maps arguments; those in ``drops`` go, others not named stay."""

    name: str
    effect: Effect
    why: str
    renames: dict[str, str] = field(default_factory=dict)
    drops: tuple[str, ...] = ()
    change: Callable[[TracedDict], None] | None = None


def _activities(hook: TracedDict) -> None:
    """`activities=['cpu', 'cuda']` are two switches in mmengine, on and off by default."""
    if "activity_with_cpu" in hook or "activity_with_cuda" in hook:
        return  # mmengine's hook already
    named = hook.get("activities", ["cpu", "cuda"])
    hook.drop("activities")
    hook.put("activity_with_cpu", "cpu" in named)
    hook.put("activity_with_cuda", "cuda" in named)


_EMA = "averages as v2 does: from the initial weights on, blended at the first update too"
RENAMED = {
    "EMAHook": Renamed("mmmigrate.compat.adapters.V2EMAHook", Effect.EXACT, _EMA),
    "ExpMomentumEMAHook": Renamed("mmmigrate.compat.adapters.V2ExpMomentumEMAHook", Effect.EXACT, _EMA),
    "LinearMomentumEMAHook": Renamed("mmmigrate.compat.adapters.V2LinearMomentumEMAHook", Effect.EXACT, _EMA),
    "SyncBuffersHook": Renamed(
        "SyncBuffersHook",
        Effect.EXACT,
        "mmengine's asks itself whether the run is distributed",
        change=lambda hook: hook.drop("distributed"),
    ),
    "ProfilerHook": Renamed(
        "ProfilerHook",
        Effect.EXACT,
        "profile_iters is profile_times in mmengine, and activities are two switches",
        {"profile_iters": "profile_times"},
        change=_activities,
    ),
}


def translated(hook: TracedDict) -> tuple[TracedDict, list[str]]:
    """The hook of a v2 config in v3, and the arguments that have no place there."""
    rule = RENAMED[hook["type"]]
    new = TracedDict()
    for key, slot in hook.slots():
        if key == "type":
            new.put("type", rule.name if rule.name != slot.value else slot)
        elif key not in rule.drops:
            new.put(rule.renames.get(key, key), Slot(slot.value, slot.origin))
    if rule.change is not None:
        rule.change(new)
    return new, [key for key in hook if key in rule.drops]
