"""Averages of the weights over training."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.registry import MODELS
from mmmigrate.runtime_v3.sharding import held_part, is_sharded, sharded_copy

Tensors = list[Tensor]


class BaseAveragedModel(nn.Module, ABC):
    """A copy of a model whose weights follow those of the original; the first update copies them.

    - `interval`: updates between two changes of the average.
    - `device`: where the copy lies; the model's device if None.
    - `update_buffers`: whether buffers are averaged, too; else they are copied at each update.

    A subclass defines `avg_func` for one tensor, and may define `avg_all` for all at once, which is faster.
    """

    steps: Tensor

    def __init__(
        self, model: nn.Module, interval: int = 1, device: torch.device | None = None, update_buffers: bool = False
    ) -> None:
        super().__init__()
        self.module = sharded_copy(model) if is_sharded(model) else deepcopy(model).requires_grad_(False)
        self.interval = interval
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("steps", torch.tensor(0, dtype=torch.long, device=device))
        self.update_buffers = update_buffers
        self.avg_parameters: dict[str, Tensor] = (
            self.module.state_dict() if update_buffers else dict(self.module.named_parameters())
        )
        self._pairs: _Pairs | None = None

    @abstractmethod
    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        """Moves `averaged_param` in place at update number `steps` (from 0)."""

    def avg_all(self, averaged: Tensors, source: Tensors, steps: int) -> None:
        """Moves all averages; here one after the other."""
        for averaged_param, source_param in zip(averaged, source):
            self.avg_func(averaged_param, source_param, steps)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def forget_pairs(self) -> None:
        """Looks the tensors up again at the next update: for a model whose parameters were replaced."""
        self._pairs = None

    def _pair(self, model: nn.Module) -> _Pairs:
        # Looking all tensors up takes longer than averaging them, so it is done once for each model.
        if self._pairs is None or self._pairs.model is not model:
            source = model.state_dict(keep_vars=True) if self.update_buffers else dict(model.named_parameters())
            own = [held_part(tensor) for tensor in self.avg_parameters.values()]
            others = [held_part(source[key]) for key in self.avg_parameters]
            moving = [index for index, tensor in enumerate(own) if tensor.is_floating_point()]
            buffers: tuple[Tensors, Tensors] = ([], [])
            if not self.update_buffers:
                buffers = (list(self.module.buffers()), list(model.buffers()))
            floats = ([own[i] for i in moving], [others[i] for i in moving])
            self._pairs = _Pairs(model, (own, others), floats, buffers)
        return self._pairs

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Takes one update from `model`."""
        pairs = self._pair(model)
        counter: Any = self._buffers["steps"]  # asked for and set as an attribute, it costs 5 µs
        steps = int(counter)
        if steps == 0:
            _copy(*pairs.all)
        elif steps % self.interval == 0:
            averaged, source = pairs.floats
            self.avg_all(averaged, _on_device_of(averaged, source), steps)
        if pairs.buffers[0]:
            _copy(*pairs.buffers)
        counter.add_(1)


class _Pairs(NamedTuple):
    """Tensors of the average, and of the model, in the same order."""

    model: nn.Module
    all: tuple[Tensors, Tensors]
    floats: tuple[Tensors, Tensors]
    buffers: tuple[Tensors, Tensors]


def _copy(targets: Tensors, sources: Tensors) -> None:
    torch._foreach_copy_(targets, sources)


def _on_device_of(targets: Tensors, sources: Tensors) -> Tensors:
    if not targets or targets[0].device == sources[0].device:
        return sources
    return [source.to(target.device) for target, source in zip(targets, sources)]


@MODELS.register_module()
class StochasticWeightAverage(BaseAveragedModel):
    """The mean of all weights so far."""

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        averaged_param.add_(source_param - averaged_param, alpha=1 / float(steps // self.interval + 1))


@MODELS.register_module()
class ExponentialMovingAverage(BaseAveragedModel):
    """`average = (1 - momentum) * average + momentum * weights`."""

    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        interval: int = 1,
        device: torch.device | None = None,
        update_buffers: bool = False,
    ) -> None:
        super().__init__(model, interval, device, update_buffers)
        if not 0.0 < momentum < 1.0:
            raise ArgumentValueError(f"momentum must be in range (0.0, 1.0), got {momentum}")
        if momentum > 0.5:
            print_log(
                f"momentum={momentum} in EMA is the weight of the new value, usually a small number: is it meant?",
                logger="current",
                level=logging.WARNING,
            )
        self.momentum = momentum

    def momentum_at(self, steps: int) -> float:
        """The weight of the new value at update number `steps`."""
        return self.momentum

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        averaged_param.lerp_(source_param, self.momentum_at(steps))

    def avg_all(self, averaged: Tensors, source: Tensors, steps: int) -> None:
        if type(self).avg_func is ExponentialMovingAverage.avg_func:
            torch._foreach_lerp_(averaged, source, self.momentum_at(steps))
        else:
            super().avg_all(averaged, source, steps)


@MODELS.register_module()
class MomentumAnnealingEMA(ExponentialMovingAverage):
    """A moving average whose momentum falls: `max(momentum, gamma / (gamma + steps))`."""

    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        gamma: int = 100,
        interval: int = 1,
        device: torch.device | None = None,
        update_buffers: bool = False,
    ) -> None:
        super().__init__(model, momentum, interval, device, update_buffers)
        if gamma <= 0:
            raise ArgumentValueError(f"gamma must be greater than 0, got {gamma}")
        self.gamma = gamma

    def momentum_at(self, steps: int) -> float:
        return max(self.momentum, self.gamma / (self.gamma + steps))
