"""mmengine's own schedulers read as mmcv's closed forms: which policy and warm-up give the same value everywhere.

Every answer here is an equality to 1e-12 of the peak at every iteration of the run, or None with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isclose
from typing import Any

from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules.experiment import RunLength

NEVER_ENDS = 1_000_000_000


class Inexpressible(Exception):
    """No schedule of mmcv follows these schedulers; the message says why."""


@dataclass(frozen=True)
class Scheduler:
    """One stock scheduler with the defaults of its arguments filled in."""

    kind: str  # Linear, Constant, MultiStep …
    items: TracedDict
    run: RunLength
    quantity: str

    def get(self, name: str, default: Any = None) -> Any:
        value = self.items.get(name)
        return default if value is None else value

    def slot(self, name: str, default: Any = None) -> Slot:
        return self.items.slot(name) if self.items.get(name) is not None else Slot(default)

    @property
    def begin(self) -> Any:
        return self.get("begin", 0)

    @property
    def end(self) -> Any:
        """Left out, the runner sets the length of the run: known if it counts what the scheduler counts."""
        same_unit = (self.run.kind == "epoch") == self.by_epoch
        return self.get("end", self.run.length.value if same_unit else NEVER_ENDS)

    @property
    def by_epoch(self) -> bool:
        return bool(self.get("by_epoch", True))

    @property
    def converted(self) -> bool:
        """Given in epochs, stepped in iterations."""
        return bool(self.get("convert_to_iter_based", False))

    @property
    def counts(self) -> str:
        """What its steps are: ``epoch`` or ``iter``."""
        return "epoch" if self.by_epoch and not self.converted else "iter"

    @property
    def never_ends(self) -> bool:
        """Whether its end lies past that of the run, so that nothing happens there."""
        same_unit = (self.run.kind == "epoch") == self.by_epoch
        return bool(self.end >= NEVER_ENDS or (same_unit and self.end > self.run.length.value))

    @property
    def lasts(self) -> bool:
        """Whether it goes on to the end of the run."""
        if self.get("end") is None or self.end >= NEVER_ENDS:
            return True
        same_unit = (self.run.kind == "epoch") == self.by_epoch
        return same_unit and isinstance(self.run.length.value, int) and self.end >= self.run.length.value


def read(entry: Mapping[str, Any], run: RunLength) -> Scheduler:
    """Raises Inexpressible for a class that is not mmengine's."""
    kind = str(entry.get("type")).removeprefix("mmengine.optim.").removeprefix("mmengine.optim.scheduler.")
    items = entry if isinstance(entry, TracedDict) else TracedDict(entry)
    for suffix, quantity in (("LR", "lr"), ("Momentum", "momentum")):
        if kind.endswith(suffix) and kind.removesuffix(suffix) in (*_MAIN, "Constant"):
            return Scheduler(kind.removesuffix(suffix), items, run, quantity)
    raise Inexpressible(f"the scheduler {entry.get('type')!r} is none that mmcv has a counterpart of")


def schedule(schedulers: list[Scheduler]) -> TracedDict:
    """The ``lr_config`` or ``momentum_config`` of stock schedulers of one quantity. Raises Inexpressible."""
    warmup, rest = _warmup(schedulers)
    if len(rest) > 1:
        raise Inexpressible(f"{len(rest)} schedulers after the warm-up, where mmcv has one policy")
    policy = _MAIN[rest[0].kind](rest[0]) if rest else TracedDict([("policy", "fixed")])
    if warmup:
        if rest and rest[0].quantity == "momentum":
            raise Inexpressible("a momentum's warm-up, which mmcv divides by")
        if policy["policy"] in ("CosineRestart", "OneCycle"):
            raise Inexpressible(f"a warm-up over {policy['policy']}, which goes on from the warmed-up value")
        if policy.get("min_lr") or (policy.get("min_lr_ratio") and policy["policy"] != "LinearAnnealing"):
            raise Inexpressible("a warm-up over a floor: mmcv multiplies the floored rate, a recurrence does not")
    return TracedDict([*policy.slots(), *warmup.items()])


def _warmup(schedulers: list[Scheduler]) -> tuple[dict[str, Any], list[Scheduler]]:
    """The warm-up's arguments and the schedulers that are none."""
    ramps = [item for item in schedulers if item.kind == "Linear" and item.get("end_factor", 1.0) == 1]
    flat = [item for item in schedulers if item.kind == "Constant"]
    if not ramps and not flat:
        return {}, schedulers
    if len(ramps) + len(flat) > 1:
        raise Inexpressible("two warm-ups")
    first = (ramps or flat)[0]
    rest = [item for item in schedulers if item is not first]
    growth = [item for item in rest if item.kind == "Exponential" and not item.by_epoch and item.get("gamma") > 1]
    if flat and len(growth) == 1 and first.never_ends:
        return _exponential_warmup(first, growth[0]), [item for item in rest if item is not growth[0]]
    name = "linear" if ramps else "constant"
    ratio = first.slot("start_factor" if ramps else "factor", 1.0 / 3)
    return {"warmup": name, "warmup_iters": _warmup_iters(first), "warmup_ratio": _ratio(ratio)}, rest


def _warmup_iters(ramp: Scheduler) -> int:
    """A factor that is 1 from the last step before `end` on: mmcv's warm-up is one iteration shorter than `end`."""
    if ramp.counts == "epoch":
        raise Inexpressible("a warm-up that changes once in an epoch; mmcv's changes every iteration")
    if ramp.converted:
        raise Inexpressible("a warm-up of whole epochs less one iteration, a number that only the data tell")
    if ramp.begin != 0:
        raise Inexpressible(f"a warm-up that begins at {ramp.begin}; mmcv's begins with the run")
    iters = ramp.end - 1
    if not isinstance(iters, int) or iters < 1:
        raise Inexpressible(f"a warm-up that ends at {ramp.end}")
    if ramp.end == NEVER_ENDS:
        raise Inexpressible("a warm-up without an end")
    return iters


def _ratio(ratio: Slot) -> Slot:
    if not 0 < ratio.value <= 1:
        raise Inexpressible(f"a warm-up from {ratio.value}; mmcv's starts above 0")
    return ratio


def _exponential_warmup(flat: Scheduler, growth: Scheduler) -> dict[str, Any]:
    iters, ratio = _warmup_iters(growth), flat.slot("factor", 1.0 / 3)
    if not isclose(growth.get("gamma"), ratio.value ** (-1 / iters), rel_tol=1e-15, abs_tol=0.0):
        raise Inexpressible("an exponential rise that does not end at the base rate")
    return {"warmup": "exp", "warmup_iters": iters, "warmup_ratio": _ratio(ratio)}


def _build(main: Scheduler, policy: str, arguments: Mapping[str, Any], by_iteration_only: bool = False) -> TracedDict:
    """The policy, with `by_epoch` where it is not the runner's default."""
    items = [("policy", policy), *((name, value) for name, value in arguments.items() if value is not None)]
    in_epochs = main.run.kind == "epoch"
    if main.counts == "epoch" and not in_epochs:
        raise Inexpressible("a schedule by epoch in a run that counts iterations, which never steps")
    iterations = main.counts == "iter" and in_epochs and not by_iteration_only
    if iterations or (main.quantity == "momentum" and not in_epochs):
        items.append(("by_epoch", False))
    return TracedDict(items)


def _starts_with_the_run(main: Scheduler) -> None:
    if main.begin != 0:
        raise Inexpressible(f"{main.kind} from {main.begin} on; mmcv's policies begin with the run")


def _goes_to_the_end(main: Scheduler) -> None:
    if not main.lasts:
        raise Inexpressible(f"{main.kind} until {main.end}; mmcv's policies last as long as the run")


def _multi_step(main: Scheduler) -> TracedDict:
    milestones = main.slot("milestones")
    if not isinstance(milestones.value, (list, tuple)) or not all(isinstance(m, int) for m in milestones.value):
        raise Inexpressible(f"milestones {milestones.value!r}")
    steps = sorted(main.begin + milestone for milestone in milestones.value)
    if not main.lasts:
        steps = [step for step in steps if step < main.end]
    if any(step <= 0 for step in steps):
        raise Inexpressible("a milestone at 0")
    as_written = isinstance(milestones.value, list) and steps == list(milestones.value)
    step = milestones if as_written else Slot(TracedList(steps))
    return _steps(main, step)


def _steps(main: Scheduler, step: Slot) -> TracedDict:
    """Milestones count whole epochs also where the scheduler is stepped by iteration."""
    default = 0.1 if main.quantity == "lr" else 0.5
    gamma = main.slot("gamma", 0.1)
    plain = main
    if main.converted and main.by_epoch:
        plain = replace(main, items=TracedDict(i for i in main.items.slots() if i[0] != "convert_to_iter_based"))
    return _build(plain, "step", {"step": step, "gamma": None if gamma.value == default else gamma})


def _step(main: Scheduler) -> TracedDict:
    _starts_with_the_run(main)
    _goes_to_the_end(main)
    return _steps(main, main.slot("step_size"))


def _exponential(main: Scheduler) -> TracedDict:
    _starts_with_the_run(main)
    _goes_to_the_end(main)
    return _build(main, "exp", {"gamma": main.slot("gamma")})


def _length(main: Scheduler) -> int:
    """The run's length in the scheduler's own unit."""
    length: Any = main.run.length.value
    same_unit = (main.run.kind == "epoch") == main.by_epoch
    if not same_unit or not isinstance(length, int):
        raise Inexpressible("its length and the run's are counted in different units, so that only the data tell")
    return length


def _poly(main: Scheduler) -> TracedDict:
    _starts_with_the_run(main)
    length = _length(main)
    if main.converted or main.end != length + 1:
        raise Inexpressible(
            f"PolyLR until {main.end}: it is at the floor one step before that, where mmcv's poly of a run of {length} "
            f"would be at step {length} (`end={length + 1}` is equal)"
        )
    power, floor = main.slot("power", 1.0), main.slot("eta_min", 0.0)
    if main.quantity == "momentum":
        if power.value != 1:
            raise Inexpressible("a polynomial of the momentum")
        return _build(main, "LinearAnnealing", {"min_momentum": floor})
    return _build(main, "poly", {"power": power, "min_lr": floor})


def _floor(main: Scheduler) -> dict[str, Slot]:
    if main.get("eta_min_ratio") is not None:
        return {f"min_{main.quantity}_ratio": main.slot("eta_min_ratio")}
    return {f"min_{main.quantity}": main.slot("eta_min", 0)}


def _cosine(main: Scheduler) -> TracedDict:
    length = _length(main)
    period = main.get("T_max", main.end - main.begin)
    if main.begin + period != length or main.end < length:
        raise Inexpressible(f"a cosine from {main.begin} in {period} steps; mmcv's ends with the run, at {length}")
    if main.begin == 0:
        return _build(main, "CosineAnnealing", _floor(main))
    if main.converted or main.quantity == "momentum":
        raise Inexpressible(f"a cosine that begins at {main.begin}")
    share = main.begin / length
    if round(length * share) != main.begin or not isinstance(main.begin, int):
        raise Inexpressible(f"a cosine that begins at {main.begin}")
    return _build(main, "FlatCosineAnnealing", {"start_percent": share, **_floor(main)})


def _linear(main: Scheduler) -> TracedDict:
    """A straight line from the base to a share of it."""
    _starts_with_the_run(main)
    length = _length(main)
    if main.get("start_factor", 1.0 / 3) != 1 or main.converted or main.end != length + 1:
        raise Inexpressible(f"a line from {main.get('start_factor', 1.0 / 3)} of the base until {main.end}")
    return _build(main, "LinearAnnealing", {f"min_{main.quantity}_ratio": main.slot("end_factor")})


def _restart(main: Scheduler) -> TracedDict:
    """mmcv weighs the way from the floor to the base, mmengine the base."""
    _starts_with_the_run(main)
    _goes_to_the_end(main)
    if main.converted:
        raise Inexpressible("restarts given in epochs and counted in iterations")
    weights = main.slot("restart_weights", TracedList([1]))
    ratio = main.get("eta_min_ratio", 0)
    if main.get("eta_min", 0) and any(weight != 1 for weight in weights.value):
        raise Inexpressible("restart weights over a floor, which differ by parameter group")
    if ratio:
        weights = Slot(TracedList((weight - ratio) / (1 - ratio) for weight in weights.value))
    return _build(main, "CosineRestart", {"periods": main.slot("periods"), "restart_weights": weights, **_floor(main)})


def _one_cycle(main: Scheduler) -> TracedDict:
    _starts_with_the_run(main)
    length = _length(main)
    if main.get("total_steps", length) != length or main.end not in (length, NEVER_ENDS):
        raise Inexpressible(f"one cycle of {main.get('total_steps', main.end)} steps in a run of {length}")
    if main.counts == "epoch":
        raise Inexpressible("one cycle that changes once in an epoch")
    names = ("pct_start", "anneal_strategy", "div_factor", "final_div_factor", "three_phase")
    given = {name: main.slot(name) for name in names if name in main.items}
    return _build(main, "OneCycle", {"max_lr": main.slot("eta_max"), **given}, by_iteration_only=True)


_MAIN: dict[str, Callable[[Scheduler], TracedDict]] = {
    "MultiStep": _multi_step,
    "Step": _step,
    "Exponential": _exponential,
    "Poly": _poly,
    "CosineAnnealing": _cosine,
    "Linear": _linear,
    "CosineRestart": _restart,
    "OneCycle": _one_cycle,
}
