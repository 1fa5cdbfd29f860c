"""The loggers of mmcv and mmdet as backends of mmengine's visualizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.rules.experiment import Experiment, Section, build


@dataclass(frozen=True)
class _Backend:
    """``same`` arguments keep their names, ``renames`` change them; the rest goes to ``others`` if there is that."""

    name: str
    same: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    others: str | None = None
    dropped: tuple[str, ...] = ()  # not to be handed on as others


BACKENDS = {
    "TensorboardLoggerHook": _Backend("TensorboardVisBackend", renames=(("log_dir", "save_dir"),)),
    "WandbLoggerHook": _Backend("WandbVisBackend", ("init_kwargs", "commit", "define_metric_cfg")),
    "MMDetWandbHook": _Backend("WandbVisBackend", ("init_kwargs", "commit", "define_metric_cfg")),
    "MMClsWandbHook": _Backend("WandbVisBackend", ("init_kwargs", "commit", "define_metric_cfg")),
    "MMSegWandbHook": _Backend("WandbVisBackend", ("init_kwargs", "commit", "define_metric_cfg")),
    "MlflowLoggerHook": _Backend("MLflowVisBackend", ("exp_name", "tags", "params")),
    "NeptuneLoggerHook": _Backend("NeptuneVisBackend", ("init_kwargs",)),
    "DvcliveLoggerHook": _Backend("DVCLiveVisBackend", others="init_kwargs", dropped=("model_file", "dvclive")),
    "ClearMLLoggerHook": _Backend("ClearMLVisBackend", ("init_kwargs",)),
}
_LATER_NAMES = {"path": "dir"}  # of dvclive 1 on
# Where these differ from LoggerHook's there is nothing to put them: all backends log when it does.
_OF_LOGGER = ("interval", "ignore_last", "reset_flag")


def backend(exp: Experiment, entry: Section, kind: str, interval: Any) -> TracedDict:
    """The backend of a logger hook; what it has no place for is reported."""
    rule = BACKENDS[kind]
    made = build(type=rule.name)
    for key in rule.same:
        if key in entry:
            made.put(key, entry.take(key))
    for old, new in rule.renames:
        if old in entry:
            made.put(new, entry.take(old))
    for key in _OF_LOGGER:
        if key in entry and (key != "interval" or entry.items[key] != interval):
            message = f"{entry.name}.{key}: in v3 all backends log when LoggerHook does"
            exp.note(message, "log_config", entry.items.slot(key), Effect.MANUAL)
        entry.take(key)
    if rule.others is not None:
        others = TracedDict()
        for key, _ in entry.rest():
            if key not in rule.dropped:
                others.put(_LATER_NAMES.get(key, key), entry.take(key))
        if others:
            made.put(rule.others, others)
    exp.report_rest(entry)
    return made
