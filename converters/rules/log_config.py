"""``log_config`` -> ``default_hooks.logger``, ``log_processor`` and the visualizer's backends."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedList
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.loggers import BACKENDS, backend
from mmmigrate.converters.rules.rule import Rule

_SAME = ("ignore_last", "interval_exp_name", "out_dir", "keep_local", "file_client_args")


def convert(exp: Experiment) -> None:
    if "log_config" not in exp.v2 and not exp.complete:
        return
    section = exp.section("log_config")
    exp.use("log_config")
    if section is None:
        exp.put("default_hooks.logger", None)
        return
    interval = section.take("interval")
    if interval.value is None and exp.complete:
        exp.reject("log_config", "log_config without interval: mmcv needs it (KeyError: 'interval')")
    by_epoch = exp.run_length is None or exp.run_length.kind == "epoch"
    text: Section | None = None
    backends = TracedList()
    for index, slot in enumerate(_hooks(section)):
        entry = Section(f"log_config.hooks[{index}]", slot.value if isinstance(slot.value, dict) else {})
        kind = entry.value("type")
        by_epoch = bool(entry.value("by_epoch", by_epoch))
        if kind == "TextLoggerHook":
            text = entry
        elif kind in BACKENDS:
            backends.push(backend(exp, entry, kind, interval.value))
        elif kind is not None:
            _adapt(exp, slot, interval)
    _logger(exp, text, interval, by_epoch)
    if backends:
        exp.put(
            "visualizer", build(type="Visualizer", vis_backends=TracedList([build(type="LocalVisBackend"), *backends]))
        )
    section.take("_delete_")
    exp.report_rest(section)


def _hooks(section: Section) -> list[Slot]:
    hooks: Any = section.value("hooks") or []
    return hooks.slots() if isinstance(hooks, TracedList) else [Slot(hook) for hook in hooks]


def _adapt(exp: Experiment, slot: Slot, interval: Slot) -> None:
    """A logger without a backend in mmengine: its hook runs through the bridge, where v2 calls it."""
    entry = slot.value.copy()
    if "interval" not in entry and interval.value is not None:
        entry.put("interval", interval)
    if exp.run_length is not None and exp.run_length.kind == "iter" and "by_epoch" not in entry:
        entry.put("by_epoch", False)
    exp.add_hook("log_config", entry, "VERY_LOW")
    message = f"logger {entry['type']!r} has no backend in mmengine: it becomes a custom hook, which the bridge runs"
    exp.note(f"{message}; in mmengine itself write a vis_backend", "log_config", slot, Effect.MANUAL)


def _logger(exp: Experiment, text: Section | None, interval: Slot, by_epoch: bool) -> None:
    if text is not None and "interval" in text:
        interval = text.take("interval")
    exp.put("default_hooks.logger.type", "LoggerHook")
    if interval.value is not None:
        exp.put("default_hooks.logger.interval", interval)
        exp.put("log_processor.type", "LogProcessor")
        exp.put("log_processor.window_size", interval)
    if not by_epoch:
        exp.put("default_hooks.logger.log_metric_by_epoch", False)
        exp.put("log_processor.by_epoch", False)
    if text is None:
        return
    for key in _SAME:
        if key in text:
            exp.put(f"default_hooks.logger.{key}", text.take(key))
    if not text.items.get("reset_flag"):
        text.take("reset_flag")
    exp.report_rest(text)


RULE = Rule(
    code="LOG001",
    title="log_config",
    why="LoggerHook logs text for every run; other services are backends of the visualizer. v2 averages what came "
    "since the last line, which is a smoothing window of `interval` iterations in LogProcessor.",
    before="checkpoint_config = dict(interval=1)\n"
    "log_config = dict(interval=50, hooks=[dict(type='TextLoggerHook'), dict(type='TensorboardLoggerHook')])",
    after="default_hooks = dict(\n    checkpoint=dict(type='CheckpointHook', interval=1),\n"
    "    logger=dict(type='LoggerHook', interval=50))\n"
    "log_processor = dict(type='LogProcessor', window_size=50)\n"
    "visualizer = dict(\n    type='Visualizer',\n    vis_backends=[\n        dict(type='LocalVisBackend'),\n"
    "        dict(type='TensorboardVisBackend')\n    ])",
    effect=Effect.EXACT,
    reversible=True,
    makes={
        "default_hooks": ("log_config",),
        "log_processor": ("log_config",),
        "visualizer": ("log_config",),
        "custom_hooks": ("log_config",),
    },
    convert=convert,
)
