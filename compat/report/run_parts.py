"""How the two runs are put together: the order in which hooks act, and the parameter groups."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.compat.trace.reader import Curves

_GROUP = re.compile(r"(.*)group\[(\d+)\]\.(\w+)$")
_RATES = ("lr", "momentum", "weight_decay")


@dataclass(frozen=True, slots=True)
class Stage:
    """The hooks that act at a stage, in order, in either run; `iterations` with that sequence begin at `first`."""

    name: str
    old: list[str]
    new: list[str]


def hook_order(old: Curves, new: Curves) -> list[Stage]:
    """The stages of an iteration with everything that either run ever calls, in calling order."""
    left, right = _stages(old), _stages(new)
    order = sorted({**left, **right}, key=_POSITION.get_position)
    return [Stage(name, left.get(name, []), right.get(name, [])) for name in order]


class _Positions:
    order = (
        "before_run", "before_train", "before_epoch", "before_train_epoch", "before_train_iter", "after_train_iter",
        "before_save_checkpoint", "after_train_epoch", "after_epoch", "before_val", "before_val_epoch",
        "before_val_iter", "after_val_iter", "after_val_epoch", "after_val", "after_train", "after_run",
    )  # fmt: skip

    def get_position(self, name: str) -> tuple[int, str]:
        return (self.order.index(name) if name in self.order else len(self.order), name)


_POSITION = _Positions()


def _stages(run: Curves) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in run.events:
        if event.stage == "hooks":
            found.update({stage: [hook for hook in hooks if hook not in ("Recorder", "Starting")]
                          for stage, hooks in event.values["calls"]})  # fmt: skip
    return {stage: hooks for stage, hooks in found.items() if hooks}


@dataclass(frozen=True, slots=True)
class Group:
    """A parameter group: its parameters, and `options` as (name, old, new); None where a run has no such group."""

    name: str
    params: list[str]
    options: list[tuple[str, Any, Any]] = field(default_factory=list)

    @property
    def unequal(self) -> bool:
        return any(old != new for _, old, new in self.options)


def parameter_groups(old: Curves, new: Curves) -> list[Group]:
    """The groups with the rates of the first iteration and every option of the optimizer."""
    left, right = _groups(old), _groups(new)
    made = []
    for name in {**left, **right}:
        a, b = left.get(name, {}), right.get(name, {})
        keys = [key for key in {**a, **b} if key != "params"]
        options = [(key, a.get(key), b.get(key)) for key in keys]
        if a.get("params") != b.get("params"):
            options.insert(0, ("number of parameters", len(a.get("params") or ()), len(b.get("params") or ())))
        made.append(Group(name, list(a.get("params") or b.get("params") or ()), options))
    return made


def _groups(run: Curves) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for event in run.events:
        if event.stage != "init":
            continue
        for key, value in event.values.items():
            match = _GROUP.match(key)
            if match:
                found.setdefault(f"{match[1]}{match[2]}", {})[match[3]] = value
    for name, options in found.items():
        prefix, _, number = name.rpartition(".") if "." in name else ("", "", name)
        rates = {}
        for rate in _RATES:
            course = run.numbers.get(("schedule", f"{f'{prefix}.' if prefix else ''}{rate}[{number}]"))
            if course and course[1]:
                rates[f"first {rate}"] = course[1][0]
        found[name] = {**rates, **options}
    return found
