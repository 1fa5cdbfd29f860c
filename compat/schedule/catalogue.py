"""Every policy by the name a config uses, with the argument names and defaults of its two forms, rate and momentum."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mmmigrate.compat.schedule.cooldown import CosineAnnealingCooldown
from mmmigrate.compat.schedule.cycles import CosineRestart, Cyclic, OneCycle, OneCycleMomentum
from mmmigrate.compat.schedule.errors import ScheduleError
from mmmigrate.compat.schedule.policies import (
    CosineAnnealing,
    Exp,
    Fixed,
    FlatCosineAnnealing,
    Inv,
    LinearAnnealing,
    Policy,
    Poly,
    Step,
)
from mmmigrate.compat.schedule.yolox import YOLOX
from mmmigrate.compat.suggest import did_you_mean

Quantity = Literal["lr", "momentum"]


@dataclass(frozen=True)
class Entry:
    """A policy's class and the defaults in which one of its forms differs from the class's own."""

    policy: type[Policy]
    defaults: Mapping[str, Any] = field(default_factory=dict)


POLICIES: dict[Quantity, dict[str, Entry]] = {
    "lr": {
        "Fixed": Entry(Fixed),
        "Step": Entry(Step),
        "Exp": Entry(Exp),
        "Poly": Entry(Poly),
        "Inv": Entry(Inv),
        "CosineAnnealing": Entry(CosineAnnealing),
        "FlatCosineAnnealing": Entry(FlatCosineAnnealing),
        "CosineRestart": Entry(CosineRestart),
        "Cyclic": Entry(Cyclic),
        "OneCycle": Entry(OneCycle),
        "LinearAnnealing": Entry(LinearAnnealing),
        "YOLOX": Entry(YOLOX),
        "CosineAnnealingCooldown": Entry(CosineAnnealingCooldown),
    },
    "momentum": {
        "Step": Entry(Step, {"gamma": 0.5}),
        "CosineAnnealing": Entry(CosineAnnealing),
        "LinearAnnealing": Entry(LinearAnnealing),
        "Cyclic": Entry(Cyclic, {"target_ratio": (0.85 / 0.95, 1.0)}),
        "OneCycle": Entry(OneCycleMomentum),
    },
}
"""Policies by quantity and name; a name added here becomes known to prediction and to the closed-form scheduler."""


def policy_name(policy: str) -> str:
    """The name that mmcv makes of a config's `policy`: one all in lower case gets a capital, others stay.

    >>> policy_name("step"), policy_name("CosineAnnealing")
    ('Step', 'CosineAnnealing')
    """
    return policy.title() if policy == policy.lower() else policy


def build_policy(policy: str, arguments: Mapping[str, Any], quantity: Quantity = "lr") -> Policy:
    """The policy named `policy` with the arguments that a config gives it (`min_lr` or `min_momentum` included).

    Raises `ScheduleError` for an unknown policy or argument, naming the nearest known one.
    """
    known = POLICIES[quantity]
    entry = known.get(policy_name(policy))
    if entry is None:
        raise ScheduleError(f"{quantity} policy {policy!r} is unknown{did_you_mean(policy, known)}")
    renamed = {floor_name(name, quantity): value for name, value in arguments.items()}
    accepted = set(inspect.signature(entry.policy).parameters)
    for given, name in zip(arguments, renamed):
        if name not in accepted or given in ("floor", "floor_ratio"):
            shown = [config_name(accept, quantity) for accept in accepted]
            raise ScheduleError(f"{quantity} policy {policy!r} has no argument {given!r}{did_you_mean(given, shown)}")
    try:
        return entry.policy(**{**entry.defaults, **renamed})
    except TypeError as error:
        raise ScheduleError(f"{quantity} policy {policy!r}: {error}") from error


def floor_name(argument: str, quantity: Quantity) -> str:
    """The policy's own name for a config's argument: `min_lr` is `floor`, `min_lr_ratio` is `floor_ratio`."""
    return {f"min_{quantity}": "floor", f"min_{quantity}_ratio": "floor_ratio"}.get(argument, argument)


def config_name(argument: str, quantity: Quantity) -> str:
    """The reverse of `floor_name`."""
    return {"floor": f"min_{quantity}", "floor_ratio": f"min_{quantity}_ratio"}.get(argument, argument)
