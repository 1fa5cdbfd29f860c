"""Evaluators, the loop's times and the best checkpoint -> ``evaluation``."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.evaluation import EVALUATOR
from mmmigrate.converters.rules.experiment import Section

_BEST = ("save_best", "rule", "greater_keys", "less_keys")


def convert(rev: Reversal) -> None:
    evaluation = TracedDict()
    loop = rev.section("train_cfg")
    validates = rev.get("val_evaluator") is not None or rev.get("val_dataloader") is not None
    if loop is not None and rev.run_length is not None and validates:
        _times(rev, loop, evaluation)
    elif loop is not None and any(key in loop for key in ("val_interval", "val_begin", "dynamic_intervals")):
        rev.deferred.add("train_cfg")
    _best(rev, evaluation)
    _arguments(rev, evaluation)
    rev.use("val_evaluator", "test_evaluator")
    if evaluation:
        rev.put("evaluation", evaluation)


def _times(rev: Reversal, loop: Section, evaluation: TracedDict) -> None:
    run = rev.run_length
    if run is None:
        raise RuntimeError("times need the length of the run")
    interval = loop.take("val_interval", 1 if run.kind == "epoch" else 1000)
    if run.kind == "iter" or interval.value != 1:
        evaluation.put("interval", interval)
    begin = loop.take("val_begin")
    if isinstance(begin.value, int) and isinstance(interval.value, int) and begin.value > 1:
        # v2 counts intervals from `start`, v3 evaluates where the interval divides: the first such point is the start
        first = -(-begin.value // max(interval.value, 1)) * max(interval.value, 1)
        evaluation.put("start", begin if first == begin.value else first)
    changes = loop.take("dynamic_intervals")
    if isinstance(changes.value, list):
        evaluation.put("dynamic_intervals", TracedList(_earlier(step) for step in changes.value))
    own_times = str(loop.items.get("type")).startswith("mmmigrate.")
    length, every = run.length.value, interval.value
    if not own_times and isinstance(length, int) and isinstance(every, int) and every > 0 and length % every:
        message = f"mmengine also evaluates at the end of the run ({length}); mmcv every {every}"
        rev.note(message, "train_cfg", interval, Effect.MEASURED)


def _earlier(step: Any) -> Any:
    """v3 looks the interval up after it counts, v2 before: its milestones are one lower."""
    return (step[0] - 1, step[1]) if isinstance(step, (tuple, list)) and len(step) == 2 and step[0] else step


def _best(rev: Reversal, evaluation: TracedDict) -> None:
    hooks = rev.get("default_hooks")
    checkpoint = hooks.get("checkpoint") if isinstance(hooks, dict) else None
    if not isinstance(checkpoint, TracedDict):
        return
    for key in _BEST:
        if checkpoint.get(key) is None:
            continue
        slot = checkpoint.slot(key)
        if isinstance(slot.value, list):
            if key == "save_best" and len(slot.value) == 1:
                slot = Slot(slot.value[0])
            elif key in ("save_best", "rule"):
                rev.cannot(f"{key}={slot.value!r}: v2 keeps the best checkpoint of one metric", "default_hooks", slot)
                continue
        evaluation.put(key, slot)


def _arguments(rev: Reversal, evaluation: TracedDict) -> None:
    """What `dataset.evaluate` is given; a metric class of the codebase has no counterpart that is known here."""
    for key in ("val_evaluator", "test_evaluator"):
        given = rev.get(key)
        for entry in given if isinstance(given, list) else [given]:
            if not isinstance(entry, TracedDict):
                continue
            if entry.get("type") != EVALUATOR:
                message = (
                    f"{key}: the metric {entry.get('type')!r} is `dataset.evaluate` in v2, by arguments of its own"
                )
                rev.cannot(message, key, entry.slot("type") if "type" in entry else None)
            elif key == "val_evaluator":
                evaluation.absorb(TracedDict(item for item in entry.slots() if item[0] != "type"))


REVERSE = Reverse(
    "EVA001",
    {"evaluation": ("val_evaluator", "train_cfg", "default_hooks", "test_evaluator")},
    convert,
)
