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
    if loop is not None and _never(rev, loop):
        rev.use("val_evaluator", "test_evaluator")
        rev.put("evaluation", None)
        return
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
    if isinstance(interval.value, float) and interval.value.is_integer():
        interval = Slot(int(interval.value))  # mmcv refuses a float
    if run.kind == "iter" or interval.value != 1:
        evaluation.put("interval", interval)
    changes = loop.take("dynamic_intervals")
    if isinstance(changes.value, list):
        evaluation.put("dynamic_intervals", TracedList(_earlier(step) for step in changes.value))
    begin, start = loop.take("val_begin"), loop.take("val_start")
    if start.value is not None:  # our own loop counts as v2 does
        evaluation.put("start", start)
    elif not str(loop.items.get("type")).startswith("mmmigrate."):
        _start(rev, evaluation, begin, interval)


def _start(rev: Reversal, evaluation: TracedDict, begin: Slot, interval: Slot) -> None:
    """v2 counts intervals from `start`; v3 evaluates from `val_begin` on where the interval divides, and at the end."""
    length: Any = rev.run_length.length.value if rev.run_length else None
    every, first = interval.value, begin.value or 1
    if not all(isinstance(number, int) for number in (length, every, first)) or every <= 0:
        return
    due = -(-first // every) * every
    if due > length >= first and "dynamic_intervals" not in evaluation:
        evaluation.put("start", length)  # once, at the end of the run
    elif first > 1:
        evaluation.put("start", begin if due == first else due)
    if due <= length and length % every:
        message = f"mmengine also evaluates at the end of the run ({length}); mmcv every {every}"
        rev.note(message, "train_cfg", interval, Effect.MEASURED)


def _never(rev: Reversal, loop: Section) -> bool:
    """Whether evaluation would begin after the run, so that there is none."""
    length = rev.run_length.length.value if rev.run_length else None
    begin = loop.items.get("val_begin", loop.items.get("val_start"))
    return isinstance(begin, int) and isinstance(length, int) and begin > length


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
