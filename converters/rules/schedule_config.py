"""What an ``lr_config`` says, read once for both ways to translate it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mmmigrate.compat.schedule import POLICIES, Plan, ScheduleError, policy_name
from mmmigrate.compat.schedule import RunLength as PlannedRun
from mmmigrate.converters.rules.experiment import Experiment, RunLength, Section
from mmmigrate.converters.rules.rule import UNHANDLED

# Policies whose recurrence mmengine has; the others are closed forms only (facts: no equal stock schedulers, or only
# under conditions that a config alone does not show).
_STOCK = ("Fixed", "Step", "Exp", "Poly", "CosineAnnealing")


@dataclass
class LearningRate:
    """A schedule that mmcv accepts, in the run it belongs to."""

    section: Section
    run: RunLength
    policy: str  # canonical: Step, CosineAnnealing …
    by_epoch: bool
    warmup: str | None

    @property
    def never_set(self) -> bool:
        """A policy by epoch in an iteration runner, which has no epochs: mmcv leaves the rate at its base value."""
        return self.by_epoch and self.run.kind == "iter"

    @cached_property
    def floor(self) -> bool:
        """Whether the main policy ends above 0 or is cut off at a floor."""
        return bool(self.section.items.get("min_lr")) or bool(self.section.items.get("min_lr_ratio"))

    @property
    def stock(self) -> str | None:
        """None where mmengine's own schedulers give the same rates to 1e-12 of the peak, else why they do not."""
        items = self.section.items
        if self.policy not in _STOCK:
            return f"policy {items['policy']!r}"
        if self.warmup is not None and items.get("warmup_by_epoch"):
            return "a warm-up in epochs, whose length in iterations the config does not know"
        if self.policy == "Step":
            step = items["step"]
            if items.get("min_lr") is not None:
                return "step with min_lr"
            if isinstance(step, list) and sorted(step) != step:
                return "milestones that are not in order"
        if self.policy == "Poly" and not self.by_epoch and self.run.kind == "epoch":
            return "poly by iteration in an epoch runner, whose length in iterations the config does not know"
        if self.warmup is not None and self.floor:
            return "a warm-up together with a floor: mmcv multiplies the floored rate, a recurrence cannot"
        return None


def read(exp: Experiment) -> LearningRate | None:
    """The schedule of a merged config; None where there is none to translate.

    Raises Rejected where mmcv would refuse it.
    """
    section = exp.section("lr_config")
    run = exp.run_length
    if section is None or run is None:
        return None
    policy = section.items.get("policy")
    if not isinstance(policy, str):
        exp.reject("lr_config", "lr_config has no policy")
    if policy_name(policy) not in POLICIES["lr"]:
        return None
    _check(exp, section, run)
    default = run.kind == "epoch" and policy_name(policy) not in ("Cyclic", "OneCycle")
    by_epoch = bool(section.items.get("by_epoch", default))
    return LearningRate(section, run, policy_name(policy), by_epoch, section.items.get("warmup"))


def _check(exp: Experiment, section: Section, run: RunLength) -> None:
    length: Any = run.length.value
    if not isinstance(length, int) or isinstance(length, bool):
        exp.reject("runner", f"the run's length must be an int, not {length!r}", run.length)
    key = "max_epochs" if run.kind == "epoch" else "max_iters"
    planned = PlannedRun(runner="epoch" if run.kind == "epoch" else "iter", iters_per_epoch=1000, **{key: length})
    try:
        Plan.from_config(section.items, planned)
    except (ScheduleError, TypeError, ValueError) as error:
        exp.reject("lr_config", f"mmcv refuses this lr_config: {error}")


def unknown_policy(exp: Experiment) -> bool:
    """Report a policy that is not mmcv's own: a class that some code registers."""
    config = exp.get("lr_config")
    policy = config.get("policy") if isinstance(config, dict) else None
    if not isinstance(policy, str) or policy_name(policy) in POLICIES["lr"]:
        return False
    message = (
        f"policy {policy!r} is a hook class of the codebase; `lr_config` is kept and the rate stays at its base value"
    )
    exp.remark(UNHANDLED, message, "lr_config")
    return True
