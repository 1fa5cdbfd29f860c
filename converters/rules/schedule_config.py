"""What an ``lr_config`` or ``momentum_config`` says, read once for all ways to translate it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mmmigrate.compat.schedule import POLICIES, Plan, Quantity, ScheduleError, policy_name
from mmmigrate.compat.schedule import RunLength as PlannedRun
from mmmigrate.converters.rules.drift import poly_strays
from mmmigrate.converters.rules.experiment import Experiment, RunLength, Section

# Policies whose recurrence mmengine has; the others are closed forms only.
_STOCK = ("Fixed", "Step", "Exp", "Poly", "CosineAnnealing", "FlatCosineAnnealing", "LinearAnnealing", "CosineRestart",
          "OneCycle")  # fmt: skip
# Those that fall along a power of what is left, where errors of rounding may add up.
_STRAIGHT = ("Poly", "LinearAnnealing")
# Those that need the length of the run in the unit in which they count.
_NEED_LENGTH = ("Poly", "FlatCosineAnnealing", "LinearAnnealing")


@dataclass
class Schedule:
    """A schedule that mmcv accepts, in the run it belongs to."""

    section: Section
    run: RunLength
    quantity: Quantity
    policy: str  # canonical: Step, CosineAnnealing …
    by_epoch: bool
    warmup: str | None
    base: float = 1.0  # the optimizer's own value, 1 where it is not known

    @property
    def never_set(self) -> bool:
        """A policy by epoch in an iteration runner, which has no epochs: mmcv leaves the value as it is at first."""
        return self.by_epoch and self.run.kind == "iter"

    @property
    def by_iteration_in_epochs(self) -> bool:
        """Counts iterations where the run counts epochs, so that its length is known to the loader only."""
        return not self.by_epoch and self.run.kind == "epoch"

    def floor(self) -> tuple[Any, Any]:
        """The lowest value and its ratio to the base, as given."""
        get = self.section.items.get
        return get(f"min_{self.quantity}"), get(f"min_{self.quantity}_ratio")

    @cached_property
    def stock(self) -> str | None:
        """None where mmengine's own schedulers give the same values to 1e-12 of the peak, else why they do not."""
        items = self.section.items
        if self.policy not in _STOCK:
            return f"policy {items['policy']!r}"
        if self.policy in _NEED_LENGTH and self.by_iteration_in_epochs:
            return f"{items['policy']} by iteration in an epoch runner, whose iterations the config does not know"
        why = self._stock_main() if self.warmup is None else self._stock_warmup()
        if why is None and self.policy in _STRAIGHT and not self.by_epoch and self._strays():
            return f"{items['policy']} over so many iterations: the rounding of a recurrence adds up past 1e-12"
        return why

    def _strays(self) -> bool:
        items, get = self.section.items, self.section.items.get
        power = get("power", 1.0) if self.policy == "Poly" else 1.0
        warmup = (self.warmup, get("warmup_iters", 0), get("warmup_ratio", 0.1))
        low = items.get(f"min_{self.quantity}") or 0.0
        return poly_strays(self.run.length.value, power, low, self.base, *warmup)

    def _stock_warmup(self) -> str | None:
        items = self.section.items
        if self.quantity == "momentum":
            return "a momentum's warm-up, which divides"
        if items.get("warmup_by_epoch"):
            return "a warm-up in epochs, whose length in iterations the config does not know"
        if not isinstance(items.get("warmup_iters"), int):
            return "a warm-up of a length that is not an int"
        if self.policy in ("CosineRestart", "OneCycle"):
            return f"a warm-up over {items['policy']}, whose recurrence starts anew"
        low, ratio = self.floor()
        if low or (ratio and self.policy != "LinearAnnealing"):
            return "a warm-up together with a floor: mmcv multiplies the floored rate, a recurrence cannot"
        return self._stock_main()

    def _stock_main(self) -> str | None:
        items = self.section.items
        low, _ = self.floor()
        if self.policy == "Step":
            step = items["step"]
            if low is not None:
                return f"step with min_{self.quantity}"
            if isinstance(step, list) and sorted(step) != step:
                return "milestones that are not in order"
        if self.policy == "CosineRestart" and low and any(weight != 1 for weight in items.get("restart_weights", [1])):
            return "restart weights over a floor, which differ by group"
        if self.policy == "OneCycle":
            if self.quantity == "momentum":
                return "one-cycle momentum, whose phases may end between iterations"
            if not isinstance(items["max_lr"], (int, float)):
                return "a max_lr for each group or optimizer"
            if items.get("total_steps") not in (None, self.run.length.value if self.run.kind == "iter" else None):
                return "total_steps that are not the run's length"
        return None


def read(exp: Experiment, key: str) -> Schedule | None:
    """The schedule that the v2 key of a merged config gives; None where there is none to translate.

    Raises Rejected where mmcv would refuse it.
    """
    section = exp.section(key)
    run = exp.run_length
    if section is None or run is None:
        return None
    quantity: Quantity = "lr" if key == "lr_config" else "momentum"
    policy = section.items.get("policy")
    if not isinstance(policy, str):
        exp.reject(key, f"{key} has no policy")
    name = policy_name(policy)
    if name not in POLICIES[quantity]:
        return None
    _check(exp, key, quantity, run)
    default = name not in ("Cyclic", "OneCycle") and (run.kind == "epoch" or quantity == "momentum")
    by_epoch = bool(section.items.get("by_epoch", default))
    return Schedule(section, run, quantity, name, by_epoch, section.items.get("warmup"), _base(exp, quantity))


def _base(exp: Experiment, quantity: Quantity) -> float:
    optimizer = exp.get("optimizer")
    value = optimizer.get(quantity) if isinstance(optimizer, dict) else None
    return float(value) if isinstance(value, (int, float)) and value > 0 else 1.0


def _check(exp: Experiment, key: str, quantity: Quantity, run: RunLength) -> None:
    length: Any = run.length.value
    if not isinstance(length, int) or isinstance(length, bool):
        exp.reject("runner", f"the run's length must be an int, not {length!r}", run.length)
    unit = "max_epochs" if run.kind == "epoch" else "max_iters"
    planned = PlannedRun(runner="epoch" if run.kind == "epoch" else "iter", iters_per_epoch=1000, **{unit: length})
    items = dict(exp.get(key))
    if quantity == "momentum":
        items.pop("warmup_by_epoch", None)
    try:
        Plan.from_config(items, planned, quantity)
    except (ScheduleError, TypeError, ValueError) as error:
        exp.reject(key, f"mmcv refuses this {key}: {error}")


def own_policy(exp: Experiment, key: str) -> str | None:
    """The name of a policy that is not mmcv's own: a hook class that some code registers."""
    config = exp.get(key)
    policy = config.get("policy") if isinstance(config, dict) else None
    quantity: Quantity = "lr" if key == "lr_config" else "momentum"
    return policy if isinstance(policy, str) and policy_name(policy) not in POLICIES[quantity] else None
