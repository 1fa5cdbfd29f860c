"""The whole course of a schedule: the value at any iteration of a run, without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mmmigrate.compat.schedule.catalogue import Quantity, build_policy, policy_name
from mmmigrate.compat.schedule.errors import ScheduleError
from mmmigrate.compat.schedule.policies import Policy
from mmmigrate.compat.schedule.warmup import check_warmup, warmup_factor

RunnerKind = Literal["epoch", "iter"]


@dataclass(frozen=True)
class RunLength:
    """How long a run is, counted as its runner counts; what is unknown is None."""

    runner: RunnerKind
    max_epochs: int | None = None
    max_iters: int | None = None
    iters_per_epoch: int | None = None

    def __post_init__(self) -> None:
        if self.runner not in ("epoch", "iter"):
            raise ScheduleError(f"runner must be 'epoch' or 'iter', got {self.runner!r}")

    def total_iters(self) -> int:
        """Iterations of the run; an error if the epochs' length is needed and unknown."""
        if self.runner == "iter":
            return _known(self.max_iters, "max_iters")
        return _known(self.max_epochs, "max_epochs") * self.epoch_iters()

    def epoch_iters(self) -> int:
        """Iterations per epoch; an error if unknown."""
        return _known(self.iters_per_epoch, "iters_per_epoch")


@dataclass(frozen=True)
class Plan:
    """A schedule bound to a run: `values(bases, iteration)` is what mmcv 1.7.2 sets before that iteration.

    `bases` are the base values of the parameter groups, from `policy.bases(initial values)`. Momentum is divided by
    the warm-up factor, a rate multiplied. Everything here is pure and equal to mmcv bit for bit.
    """

    policy: Policy
    run: RunLength
    quantity: Quantity = "lr"
    by_epoch: bool = True
    warmup: str | None = None
    warmup_iters: int = 0
    warmup_ratio: float = 0.1

    @classmethod
    def from_config(cls, config: Mapping[str, Any], run: RunLength, quantity: Quantity = "lr") -> Plan:
        """The plan of an `lr_config` or `momentum_config` in a run of the given length.

        As in mmcv's `register_training_hooks`, an iteration runner takes `by_epoch=False` for a rate that names none.
        """
        arguments = dict(config)
        try:
            name = arguments.pop("policy")
        except KeyError:
            raise ScheduleError(f"a schedule needs a 'policy', got only {sorted(arguments)}") from None
        warmup = arguments.pop("warmup", None)
        warmup_iters = arguments.pop("warmup_iters", 0)
        warmup_ratio = arguments.pop("warmup_ratio", 0.1 if quantity == "lr" else 0.9)
        warmup_by_epoch = arguments.pop("warmup_by_epoch", False) if quantity == "lr" else False
        by_epoch = arguments.pop("by_epoch", None)
        policy = build_policy(name, arguments, quantity)
        if by_epoch is None:
            by_epoch = policy.default_by_epoch and not (run.runner == "iter" and quantity == "lr")
        elif by_epoch and not policy.default_by_epoch:
            raise ScheduleError(f'policy {policy_name(name)!r} only supports "by_epoch" = False')
        check_warmup(warmup, warmup_iters, warmup_ratio)
        if warmup_by_epoch:
            if run.runner == "iter":
                raise ScheduleError("warmup_by_epoch=True has no meaning for an iteration runner: give iterations")
            warmup_iters = warmup_iters * run.epoch_iters() if warmup is not None else 0
        if run.iters_per_epoch is not None:
            policy.bind(run.iters_per_epoch, warmup_iters)
        return cls(policy, run, quantity, by_epoch, warmup, warmup_iters, warmup_ratio)

    def values(self, bases: Sequence[Any], iteration: int) -> list[float]:
        """The value of each group at `iteration` (0-based), warm-up included."""
        if self.never_set:
            return list(bases)
        if self.warmup is None or iteration >= self.warmup_iters:
            return self.regular(bases, iteration)
        own = self.policy.own_warmup_factor(iteration, self.warmup_iters, self.warmup_ratio)
        if own is not None:
            return [base * own for base in bases]
        regular = self.regular(bases, iteration)
        factor = warmup_factor(self.warmup, iteration, self.warmup_iters, self.warmup_ratio)
        if self.quantity == "momentum":
            return [value / factor for value in regular]
        return [value * factor for value in regular]

    def stretches(self, bases: Sequence[Any], iterations: int) -> Iterator[tuple[int, list[float]]]:
        """The values over the first `iterations`, as (length, values) of each stretch in which nothing changes."""
        if self.never_set:
            yield iterations, list(bases)
            return
        warm = 0 if self.warmup is None else self.warmup_iters
        i = 0
        while i < iterations:
            length = 1
            if self.by_epoch and i >= warm:
                length = min(self.run.epoch_iters() - i % self.run.epoch_iters(), iterations - i)
            yield length, self.values(bases, i)
            i += length

    def regular(self, bases: Sequence[Any], iteration: int) -> list[float]:
        """The value of each group at `iteration` if there were no warm-up."""
        if self.by_epoch:
            progress, total = iteration // self.run.epoch_iters(), _known(self.run.max_epochs, "max_epochs")
        else:
            progress, total = iteration, self.run.total_iters()
        return [self.policy.value(base, progress, total) for base in bases]

    @property
    def never_set(self) -> bool:
        """Whether mmcv leaves the initial values alone: a policy by epoch under an iteration runner, which has none."""
        return self.by_epoch and self.run.runner == "iter"


def _known(value: int | None, name: str) -> int:
    if value is None:
        raise ScheduleError(f"this schedule needs the run's {name}: give it")
    return value
