"""When a run is evaluated: v2's `start`, `interval` and `dynamic_intervals` in the train loop of v3."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedList
from mmmigrate.converters.rules.experiment import Experiment, Section
from mmmigrate.converters.rules.loops import has_v2_loop, take_v2_loop

TIMES = ("start", "interval", "by_epoch", "dynamic_intervals")


def put_times(exp: Experiment, section: Section, switched_off: bool) -> None:
    """Write them into ``train_cfg``, with the loop that keeps to them."""
    run = exp.run_length
    if run is None:
        raise RuntimeError("the times of evaluation need a run length")
    if switched_off:
        _never(exp, "evaluation=None: the run is not evaluated; `val_begin` lies past its end")
        return
    interval, start = section.take("interval", 1), section.take("start")
    dynamic = section.take("dynamic_intervals")
    _check(exp, interval, start, dynamic)
    _say_by_epoch(exp, section)
    if run.kind == "iter" or interval.value != 1:
        exp.put("train_cfg.val_interval", interval)
    changes = _later(exp, dynamic) if dynamic.value else None
    if changes is not None:
        exp.put("train_cfg.dynamic_intervals", changes)
    first = interval.value if start.value is None else start.value
    if dynamic.value is None and first > run.length.value:
        exp.v3["train_cfg"].drop("val_interval")
        _never(exp, f"the first evaluation would come after the end of the run, at {first}: there is none")
    else:
        data = exp.get("data")
        evaluated = not exp.complete or (isinstance(data, dict) and data.get("val") is not None)
        why = _differs(run.length.value, interval.value, start.value, changes) if evaluated else ""
        _put_start(exp, start, why)


def _never(exp: Experiment, message: str) -> None:
    run = exp.run_length
    if run is not None and isinstance(run.length.value, int):
        exp.put("train_cfg.val_start" if has_v2_loop(exp) else "train_cfg.val_begin", run.length.value + 1)
        exp.note(message, "evaluation")


def _check(exp: Experiment, interval: Slot, start: Slot, dynamic: Slot) -> None:
    if isinstance(interval.value, bool) or not isinstance(interval.value, int) or interval.value <= 0:
        exp.reject("evaluation", f"mmcv refuses interval={interval.value!r}: it must be a positive number", interval)
    if start.value is not None and (not isinstance(start.value, int) or start.value < 0):
        exp.reject("evaluation", f"mmcv refuses start={start.value!r}: it must not be smaller than 0", start)
    steps = dynamic.value
    if steps is not None and (
        not isinstance(steps, (list, tuple)) or not all(isinstance(s, (tuple, list)) and len(s) == 2 for s in steps)
    ):
        exp.reject("evaluation", f"dynamic_intervals must be a list of (milestone, interval), not {steps!r}", dynamic)


def _say_by_epoch(exp: Experiment, section: Section) -> None:
    by_epoch, run = section.take("by_epoch"), exp.run_length
    if run is not None and by_epoch.value is not None and bool(by_epoch.value) is not (run.kind == "epoch"):
        message = f"by_epoch={by_epoch.value} in an {run.kind} runner: the codebases set it to what the runner counts"
        exp.note(f"{message}, so evaluation goes by {run.kind}", "evaluation", by_epoch)


def _later(exp: Experiment, dynamic: Slot) -> TracedList:
    """v2 looks the interval up before it counts the epoch or iteration, v3 after: its milestones are one higher."""
    message = "dynamic_intervals: v3 changes the interval one step earlier, so milestones are one higher"
    exp.note(message, "evaluation", dynamic)
    return TracedList((begin + 1, interval) for begin, interval in dynamic.value)


def _differs(length: Any, interval: int, start: int | None, changes: list[Any] | None) -> str:
    """Why mmengine's loop would evaluate at other times; empty where it would not."""
    if start is not None and (start == 0 or start % interval or changes):
        return f"v2 evaluates at {start}, {start}+{interval} …; mmengine where {interval} divides"
    last = interval
    for begin, changed in changes or []:
        last = changed if isinstance(length, int) and length >= begin - 1 else last
    first = start or 0
    if isinstance(length, int) and (length < first or (length - first) % last if start else length % last):
        return f"mmengine also evaluates at the end of the run ({length}), mmcv only every {last}"
    return ""


def _put_start(exp: Experiment, start: Slot, why: str) -> None:
    if not has_v2_loop(exp) and why and exp.options.schedule != "stock":
        take_v2_loop(exp)
        exp.note(f"a train loop of our own: {why}", "evaluation")
    elif why and not has_v2_loop(exp):
        exp.note(why, "evaluation", effect=Effect.MEASURED)
    if start.value is not None:
        exp.put("train_cfg.val_start" if has_v2_loop(exp) else "train_cfg.val_begin", start)
