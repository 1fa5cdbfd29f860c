"""``log_config`` -> ``default_hooks.logger``, ``log_processor`` and the visualizer's backends."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment, Section, build
from mmmigrate.converters.rules.rule import Rule

_SAME = ("ignore_last", "interval_exp_name", "out_dir", "keep_local")


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
    for index, hook in enumerate(section.value("hooks") or []):
        entry = Section(f"log_config.hooks[{index}]", hook if isinstance(hook, dict) else {})
        kind = entry.value("type")
        by_epoch = bool(entry.value("by_epoch", by_epoch))
        if kind == "TextLoggerHook":
            text = entry
        elif kind == "TensorboardLoggerHook":
            backends.push(_tensorboard(exp, entry))
        else:
            exp.note(f"logger {kind!r} is not translated and is dropped", "log_config", Slot(hook), Effect.MANUAL)
    _logger(exp, text, interval, by_epoch)
    if backends:
        exp.put(
            "visualizer", build(type="Visualizer", vis_backends=TracedList([build(type="LocalVisBackend"), *backends]))
        )
    section.take("_delete_")
    exp.report_rest(section)


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


def _tensorboard(exp: Experiment, entry: Section) -> TracedDict:
    items: dict[str, Any] = {"type": "TensorboardVisBackend"}
    if "log_dir" in entry:
        items["save_dir"] = entry.take("log_dir")
    for key in ("interval", "ignore_last", "reset_flag"):
        if key in entry:
            message = f"{entry.name}.{key}: in v3 all backends log when LoggerHook does"
            exp.note(message, "log_config", entry.take(key), Effect.MANUAL)
    exp.report_rest(entry)
    return build(**items)


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
    makes={"default_hooks": ("log_config",), "log_processor": ("log_config",), "visualizer": ("log_config",)},
    convert=convert,
)
