"""One optimizer or several by name: the difference lives here only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch.optim import Optimizer

from mmmigrate.runtime_v2.optim.types import Optimizers

T = TypeVar("T")


def map_optimizers(function: Callable[[str, Optimizer], T], optimizers: Optimizers | None) -> T | dict[str, T]:
    """`function(name, optimizer)` for the one optimizer (its name is its class), or a dict of results for several."""
    if isinstance(optimizers, dict):
        return {name: function(name, optimizer) for name, optimizer in optimizers.items()}
    if optimizers is None:
        raise RuntimeError("the runner has no optimizer")
    return function(type(optimizers).__name__, optimizers)


def map_values(function: Callable[[Any], T], values: Any) -> T | dict[str, T]:
    """`function(values)`, or of each entry if `values` is a dict by optimizer."""
    if isinstance(values, dict):
        return {name: function(value) for name, value in values.items()}
    return function(values)


def momentum_of(group: dict[str, Any]) -> float:
    """A parameter group's momentum: SGD's `momentum` or Adam's first beta; 0 if it has neither."""
    if "momentum" in group:
        return group["momentum"]  # type: ignore[no-any-return]
    return group["betas"][0] if "betas" in group else 0


def set_momentum(group: dict[str, Any], momentum: float) -> None:
    """Set a parameter group's momentum (or first beta), if it has one."""
    if "momentum" in group:
        group["momentum"] = momentum
    elif "betas" in group:
        group["betas"] = (momentum, group["betas"][1])
