"""``default_hooks``, ``log_processor`` and the visualizer's backends -> ``checkpoint_config`` and ``log_config``."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.experiment import Section
from mmmigrate.converters.rules.loggers import BACKENDS

# Every v2 run has what these do: timers, schedules before each iteration, the sampler's epoch.
_IMPLIED = {
    "timer": "IterTimerHook",
    "param_scheduler": "ParamSchedulerHook",
    "sampler_seed": "DistSamplerSeedHook",
    "runtime_info": "RuntimeInfoHook",
}
_CHECKPOINT = ("save_optimizer", "out_dir", "max_keep_ckpts", "save_last", "filename_tmpl")
_OF_EVALUATION = ("save_best", "rule", "greater_keys", "less_keys")
_TEXT = ("ignore_last", "interval_exp_name", "out_dir", "keep_local")


def convert(rev: Reversal) -> None:
    hooks = rev.section("default_hooks")
    processor = rev.section("log_processor")
    if hooks is None and not rev.complete:
        rev.use("default_hooks")
        _defer_logs(rev)
        return
    rev.use("default_hooks", "log_processor", "visualizer", "vis_backends")
    hooks = hooks or Section("default_hooks", {})
    _checkpoint(rev, hooks)
    _logger(rev, hooks, processor)
    for name, slot in hooks.rest():
        _other(rev, name, slot)


def _defer_logs(rev: Reversal) -> None:
    for key in ("log_processor", "visualizer", "vis_backends"):
        if key in rev.v3:
            rev.use(key)
            rev.deferred.add(key)


def _checkpoint(rev: Reversal, hooks: Section) -> None:
    if "checkpoint" not in hooks and not rev.complete:
        return
    slot = hooks.take("checkpoint", TracedDict([("interval", 1)]))
    if not isinstance(slot.value, dict):
        rev.put("checkpoint_config", slot)
        return
    hook = Section("default_hooks.checkpoint", slot.value)
    if hook.value("type", "CheckpointHook") != "CheckpointHook":
        rev.cannot(f"checkpoint hook {hook.value('type')!r} has no counterpart in v2", "default_hooks", slot)
    result = TracedDict([("interval", hook.take("interval", -1))])
    by_epoch = hook.take("by_epoch", True)
    kind = rev.run_length.kind if rev.run_length else None
    if by_epoch.value is False or kind == "iter":
        result.put("by_epoch", by_epoch)
    for key in _CHECKPOINT:
        if key in hook:
            result.put(key, hook.take(key))
    for key in _OF_EVALUATION:
        hook.take(key)
    if hook.items.get("save_param_scheduler", True):
        hook.take("save_param_scheduler")
    rev.put("checkpoint_config", result)
    rev.report_rest(hook)


def _logger(rev: Reversal, hooks: Section, processor: Section | None) -> None:
    if "logger" not in hooks and not rev.complete:
        return
    slot = hooks.take("logger", TracedDict([("interval", 10)]))
    if not isinstance(slot.value, dict):
        rev.put("log_config", slot)
        return
    hook = Section("default_hooks.logger", slot.value)
    if hook.value("type", "LoggerHook") != "LoggerHook":
        rev.cannot(f"logger hook {hook.value('type')!r} has no counterpart in v2", "default_hooks", slot)
    interval = hook.take("interval", 10)
    text = TracedDict([("type", "TextLoggerHook")])
    by_epoch = hook.value("log_metric_by_epoch", True)
    if processor is not None:
        by_epoch = processor.value("by_epoch", by_epoch) and by_epoch
        _processor(rev, processor, interval)
    kind = rev.run_length.kind if rev.run_length else None
    if not by_epoch or kind == "iter":
        text.put("by_epoch", bool(by_epoch))
    for key in _TEXT:
        if key in hook:
            text.put(key, hook.take(key))
    rev.report_rest(hook)
    rev.put("log_config", TracedDict([("interval", interval), ("hooks", TracedList([text, *_services(rev)]))]))


def _processor(rev: Reversal, processor: Section, interval: Slot) -> None:
    if processor.value("type", "LogProcessor") != "LogProcessor":
        rev.cannot(f"log processor {processor.value('type')!r} has no counterpart in v2", "log_processor")
    window = processor.take("window_size", 10)
    if window.value != interval.value:
        message = f"v3 smooths over {window.value} iterations; v2 averages what came since the last line"
        rev.note(message, "log_processor", window, Effect.MEASURED)
    for key in ("num_digits", "mean_pattern"):
        processor.take(key)  # how numbers look
    if not processor.items.get("custom_cfg"):
        processor.take("custom_cfg")
    if not processor.items.get("log_with_hierarchy"):
        processor.take("log_with_hierarchy")
    rev.report_rest(processor)


def _services(rev: Reversal) -> list[TracedDict]:
    """The visualizer's backends as logger hooks; pictures stay behind."""
    visualizer = rev.get("visualizer")
    backends = visualizer.get("vis_backends") if isinstance(visualizer, dict) else None
    found = []
    for entry in backends or rev.get("vis_backends") or []:
        hook = _service(rev, Section("visualizer", entry if isinstance(entry, dict) else {}))
        if hook is not None:
            found.append(hook)
    return found


def _service(rev: Reversal, backend: Section) -> TracedDict | None:
    kind = backend.value("type")
    if kind == "LocalVisBackend":
        return None
    key = "visualizer" if "visualizer" in rev.v3 else "vis_backends"
    logger = next((name for name, rule in BACKENDS.items() if rule.name == kind), None)
    if logger is None:
        rev.cannot(f"backend {kind!r} is not translated; add the logger hook of that service to log_config.hooks", key)
        return None
    rule, hook = BACKENDS[logger], TracedDict([("type", logger)])
    for name in rule.same:
        if name in backend:
            hook.put(name, backend.take(name))
    for old, new in rule.renames:
        if new in backend:
            hook.put(old, backend.take(new))
    if rule.others is not None and isinstance(backend.items.get(rule.others), dict):
        hook.absorb(backend.take(rule.others).value)
    rev.report_rest(backend)
    return hook


def _other(rev: Reversal, name: str, slot: Slot) -> None:
    hook: Any = slot.value
    kind = hook.get("type") if isinstance(hook, dict) else None
    if hook is None and name in _IMPLIED:
        rev.cannot(f"default_hooks.{name}=None: every v2 run has what this hook does", "default_hooks", slot)
    elif kind == _IMPLIED.get(name) or (kind is not None and "Visualization" in str(kind) and not hook.get("draw")):
        return
    elif hook is not None:
        rev.cannot(f"default_hooks.{name} ({kind}) has no counterpart in v2 and is dropped", "default_hooks", slot)


REVERSE = Reverse(
    "CKP001",
    {
        "checkpoint_config": ("default_hooks",),
        "log_config": ("default_hooks", "log_processor", "visualizer", "vis_backends"),
    },
    convert,
)
