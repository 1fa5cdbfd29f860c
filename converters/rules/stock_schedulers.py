"""A schedule as mmengine's own schedulers; `Schedule.stock` says where they are equal."""

from __future__ import annotations

from typing import Any

from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules.experiment import build
from mmmigrate.converters.rules.schedule_config import Schedule

# mmengine's Runner gives a scheduler without an end the length of the run, where ConstantLR would give its factor back.
_NEVER = 10**9


def stock_schedulers(schedule: Schedule) -> list[TracedDict]:
    """The main policy after its warm-up's schedulers, as they stand in ``param_scheduler``."""
    return [*_warmup(schedule), *_main(schedule)]


def _warmup(schedule: Schedule) -> list[TracedDict]:
    """Schedulers that multiply by mmcv's warm-up factor: it reaches 1 *at* iteration N, hence `end=N+1`."""
    section = schedule.section
    if schedule.warmup is None:
        return []
    iters, ratio = section.take("warmup_iters", 0), section.take("warmup_ratio", 0.1)
    end = iters.value + 1
    common: dict[str, Any] = {"by_epoch": False, "begin": 0, "end": end}
    if schedule.warmup == "linear":
        return [build(type="LinearLR", start_factor=ratio, **common)]
    if schedule.warmup == "constant":
        return [build(type="ConstantLR", factor=ratio, **common)]
    # exp: start at the ratio, which is never given back, and grow by its N-th root each iteration
    growth = ratio.value ** (-1 / iters.value)
    return [
        build(type="ConstantLR", factor=ratio, by_epoch=False, begin=0, end=_NEVER),
        build(type="ExponentialLR", gamma=growth, **common),
    ]


def _main(schedule: Schedule) -> list[TracedDict]:
    make = {
        "Step": _step,
        "Exp": _exponential,
        "Poly": _poly,
        "CosineAnnealing": _cosine,
        "FlatCosineAnnealing": _flat_cosine,
        "LinearAnnealing": _linear,
        "CosineRestart": _restart,
        "OneCycle": _one_cycle,
    }.get(schedule.policy)
    return [make(schedule)] if make else []


def _type(schedule: Schedule, name: str) -> str:
    return name + ("LR" if schedule.quantity == "lr" else "Momentum")


def _step(schedule: Schedule) -> TracedDict:
    section, common = schedule.section, {"by_epoch": schedule.by_epoch, "begin": 0}
    step, gamma = section.take("step"), section.take("gamma", 0.1 if schedule.quantity == "lr" else 0.5)
    if isinstance(step.value, list):
        return build(type=_type(schedule, "MultiStep"), **common, milestones=step, gamma=gamma)
    return build(type=_type(schedule, "Step"), **common, step_size=step, gamma=gamma)


def _exponential(schedule: Schedule) -> TracedDict:
    gamma = schedule.section.take("gamma")
    return build(type=_type(schedule, "Exponential"), by_epoch=schedule.by_epoch, begin=0, gamma=gamma)


def _poly(schedule: Schedule) -> TracedDict:
    end = schedule.run.length.value + 1
    power, floor = schedule.section.take("power", 1.0), schedule.section.take("min_lr", 0.0)
    return build(type="PolyLR", power=power, eta_min=floor, by_epoch=schedule.by_epoch, begin=0, end=end)


def _floor(schedule: Schedule) -> dict[str, Slot | None]:
    """`eta_min` or `eta_min_ratio`, whichever the schedule gives."""
    low = schedule.section.take(f"min_{schedule.quantity}")
    ratio = schedule.section.take(f"min_{schedule.quantity}_ratio")
    return {
        "eta_min": low if low.value is not None else None,
        "eta_min_ratio": ratio if ratio.value is not None else None,
    }


def _cosine(schedule: Schedule) -> TracedDict:
    """`T_max` is left out: it is `end - begin`, also after the conversion to iterations."""
    return build(type=_type(schedule, "CosineAnnealing"), **_floor(schedule), **_whole_run(schedule))


def _whole_run(schedule: Schedule) -> dict[str, Any]:
    return {
        "by_epoch": schedule.by_epoch or schedule.by_iteration_in_epochs,
        "begin": 0,
        "end": Slot(schedule.run.length.value, schedule.run.length.origin),
        "convert_to_iter_based": True if schedule.by_iteration_in_epochs else None,
    }


def _flat_cosine(schedule: Schedule) -> TracedDict:
    length = schedule.run.length.value
    begin = round(length * schedule.section.value("start_percent", 0.75))
    end = Slot(length, schedule.run.length.origin)
    return build(type="CosineAnnealingLR", **_floor(schedule), by_epoch=schedule.by_epoch, begin=begin, end=end)


def _linear(schedule: Schedule) -> TracedDict:
    """To a fixed floor a polynomial of power 1; to a ratio of the base a factor that falls to it."""
    low = schedule.section.take(f"min_{schedule.quantity}")
    common: dict[str, Any] = {"by_epoch": schedule.by_epoch, "begin": 0, "end": schedule.run.length.value + 1}
    if low.value is not None:
        return build(type=_type(schedule, "Poly"), power=1.0, eta_min=low, **common)
    ratio = schedule.section.take(f"min_{schedule.quantity}_ratio")
    return build(type=_type(schedule, "Linear"), start_factor=1.0, end_factor=ratio, **common)


def _restart(schedule: Schedule) -> TracedDict:
    """mmcv weighs the way from the floor to the base, mmengine the base: w + (1 - w) * floor / base."""
    section, (_, ratio) = schedule.section, schedule.floor()
    periods, weights = section.take("periods"), section.take("restart_weights", [1])
    if ratio:
        weights = Slot(TracedList(weight + (1 - weight) * ratio for weight in weights.value))
    common: dict[str, Any] = {"by_epoch": schedule.by_epoch, "begin": 0}
    return build(type="CosineRestartLR", periods=periods, restart_weights=weights, **_floor(schedule), **common)


def _one_cycle(schedule: Schedule) -> TracedDict:
    """`total_steps` is left out: it is `end - begin`, also after the conversion to iterations."""
    section = schedule.section
    section.take("total_steps")
    same = ("pct_start", "anneal_strategy", "div_factor", "final_div_factor", "three_phase")
    given = {key: section.take(key) for key in same if key in section}
    return build(type="OneCycleLR", eta_max=section.take("max_lr"), **given, **_whole_run(schedule))
