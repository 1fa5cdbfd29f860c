"""One line of a log in the other generation's form.

v2: `{"mode": "train", "epoch": 2, "iter": 50, "lr": 0.02, …}`, `iter` counting within the epoch if the run counts
epochs. v3: `{"lr": 0.02, …, "iter": 7380, "epoch": 2, "step": 7380}`, all over the run; evaluations have only `step`,
the epoch or iteration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Line = dict[str, Any]
_PLACES = ("mode", "epoch", "iter", "step", "lr")


@dataclass(frozen=True)
class Place:
    """What the lines before tell: whether the run counts epochs, their length, and the iteration logged last."""

    by_epoch: bool
    iters_per_epoch: int | None = None
    last_iter: int = 0
    last_epoch: int = 1


def to_v3(line: Mapping[str, Any], place: Place) -> tuple[Line, Place]:
    """The v3 line, and the place after it."""
    values = {key: value for key, value in line.items() if key not in _PLACES}
    if line["mode"] != "train":
        return {**values, "step": line["epoch"] if place.by_epoch else place.last_iter}, place
    iteration = line["iter"]
    if place.by_epoch:
        iteration += (line["epoch"] - 1) * (place.iters_per_epoch or 0)
    rates = line.get("lr")
    named = {f"{name}.lr": rate for name, rate in rates.items()} if isinstance(rates, Mapping) else {"lr": rates}
    new = {**(named if "lr" in line else {}), **values, "iter": iteration}
    if place.by_epoch:
        new["epoch"] = line["epoch"]
    return {**new, "step": iteration}, replace(place, last_iter=iteration, last_epoch=line["epoch"])


def to_v2(line: Mapping[str, Any], place: Place) -> tuple[Line, Place]:
    """The v2 line, and the place after it."""
    values = {key: value for key, value in line.items() if key not in _PLACES and not key.endswith(".lr")}
    if "iter" not in line:
        step = line.get("step", 0)
        where = {"epoch": step, "iter": 0} if place.by_epoch else {"epoch": place.last_epoch, "iter": step}
        return {"mode": "val", **where, **values}, place
    epoch, iteration = line.get("epoch", 1), line["iter"]
    if place.by_epoch:
        iteration -= (epoch - 1) * (place.iters_per_epoch or 0)
    several = {key.removesuffix(".lr"): rate for key, rate in line.items() if key.endswith(".lr")}
    rates = {"lr": line["lr"]} if "lr" in line else {"lr": several} if several else {}
    new = {"mode": "train", "epoch": epoch, "iter": iteration, **rates, **values}
    return new, replace(place, last_iter=line["iter"], last_epoch=epoch)
