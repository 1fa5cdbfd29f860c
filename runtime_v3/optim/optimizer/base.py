"""What every optimizer wrapper has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch.optim import Optimizer

from mmmigrate.runtime_v3.sharding import part_optimizer


class BaseOptimWrapper(ABC):
    """Wraps an optimizer behind one interface for all kinds of precision, accumulation and clipping.

    With several parameter groups there is a further one, `base_param_settings`, that holds no parameter of the model:
    the schedulers move it along, so that the log can show the base learning rate.
    """

    base_param_settings: dict[str, Any] | None

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.base_param_settings = None
        if len(optimizer.param_groups) > 1:
            self.base_param_settings = {"params": torch.tensor([0.0]), **optimizer.defaults}

    @abstractmethod
    def update_params(self, *args: Any, **kwargs: Any) -> None:
        """Backward, and step and zero_grad where they are due."""

    @abstractmethod
    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None: ...

    @abstractmethod
    def zero_grad(self, **kwargs: Any) -> None: ...

    @abstractmethod
    def step(self, **kwargs: Any) -> None: ...

    def state_dict(self) -> dict[str, Any]:
        state = self.optimizer.state_dict()
        if self.base_param_settings is not None:
            state["base_param_settings"] = self.base_param_settings
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        base = state.pop("base_param_settings", None)
        if base is not None:
            self.base_param_settings = base
        self.optimizer.load_state_dict(state)
        part_optimizer(self.optimizer)

    @property
    def param_groups(self) -> Any:
        groups: list[dict[str, Any]] = self.optimizer.param_groups
        return groups if self.base_param_settings is None else [*groups, self.base_param_settings]

    @property
    def defaults(self) -> dict[str, Any]:
        return self.optimizer.defaults

    def get_lr(self) -> dict[str, list[float]]:
        """The rate of each group, in `lr`; with several groups also the base rate, in `base_lr`."""
        rates = {}
        if self.base_param_settings is not None:
            rates["base_lr"] = [self.base_param_settings["lr"]]
        rates["lr"] = [group["lr"] for group in self.optimizer.param_groups]
        return rates

    def get_momentum(self) -> dict[str, list[float]]:
        """The momentum of each group: SGD's, or the first beta, or 0."""
        return {"momentum": [_momentum(group) for group in self.optimizer.param_groups]}


def _momentum(group: dict[str, Any]) -> float:
    value: float = group["momentum"] if "momentum" in group else group.get("betas", (0,))[0]
    return value
