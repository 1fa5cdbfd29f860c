"""EMAHook and its relatives: a moving average of the weights beside the model, swapped in for evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.flat_average import FlatAverage
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook
from mmmigrate.runtime_v2.parallel.wrappers import unwrapped

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class WeightAverageHook(Hook):
    """What all EMA hooks share: averages as buffers `ema_<name>` of the model, and the swap around evaluation.

    The averages begin as the initial weights. After each train epoch they change places with the weights, so that
    what is evaluated and saved is the average; before the next epoch they change back.
    """

    checkpoint: str | None
    param_ema_buffer: dict[str, str]
    model_parameters: dict[str, torch.Tensor]
    model_buffers: dict[str, torch.Tensor]
    _average: FlatAverage

    def before_run(self, runner: BaseRunner) -> None:
        """Put the averages into the model; resume from `resume_from` if that was given."""
        model = unwrapped(runner.model)
        self.model_parameters = self._averaged(model)
        self.param_ema_buffer = {name: f"ema_{name.replace('.', '_')}" for name in self.model_parameters}
        self._average = FlatAverage(list(self.model_parameters.values()))
        for buffer_name, average in zip(self.param_ema_buffer.values(), self._average.averages):
            model.register_buffer(buffer_name, average)
        self.model_buffers = dict(model.named_buffers(recurse=True))
        if self.checkpoint is not None:
            runner.resume(self.checkpoint)

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Swap the averages in."""
        self._swap_ema_parameters()

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Swap the averages out."""
        self._swap_ema_parameters()

    def _averaged(self, model: torch.nn.Module) -> dict[str, torch.Tensor]:
        return dict(model.named_parameters(recurse=True))

    def _swap_ema_parameters(self) -> None:
        self._average.swap()


@HOOKS.register_module()
class EMAHook(WeightAverageHook):
    """Averages all parameters: every `interval` iterations `average += m * (weight - average)`.

    m is `momentum ** interval`, or `(1 + i) / (warm_up + i)` at iteration i if that is less.
    """

    def __init__(
        self, momentum: float = 0.0002, interval: int = 1, warm_up: int = 100, resume_from: str | None = None
    ) -> None:
        if not isinstance(interval, int) or interval <= 0:
            raise ArgumentValueError(f"interval must be a positive integer, got {interval!r}")
        if not 0 < momentum < 1:
            raise ArgumentValueError(f"momentum must be between 0 and 1, got {momentum!r}")
        self.warm_up = warm_up
        self.interval = interval
        self.momentum = momentum**interval
        self.checkpoint = resume_from

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Update the averages, if this iteration is due."""
        current = runner.iter
        if current % self.interval == 0:
            self._average.update(min(self.momentum, (1 + current) / (self.warm_up + current)))


class BaseEMAHook(WeightAverageHook):
    """The EMA hook of mmdet 2.x: averages buffers as well unless `skip_buffers`, by a momentum that may vary.

    `momentum_fun(iteration)` gives the momentum, by default `momentum` throughout.
    """

    def __init__(
        self,
        momentum: float = 0.0002,
        interval: int = 1,
        skip_buffers: bool = False,
        resume_from: str | None = None,
        momentum_fun: Callable[[int], float] | None = None,
    ) -> None:
        if not 0 < momentum < 1:
            raise ArgumentValueError(f"momentum must be between 0 and 1, got {momentum!r}")
        self.momentum = momentum
        self.interval = interval
        self.skip_buffers = skip_buffers
        self.checkpoint = resume_from
        self.momentum_fun = momentum_fun

    def get_momentum(self, runner: BaseRunner) -> float:
        """The weight of the new values now."""
        return self.momentum_fun(runner.iter) if self.momentum_fun else self.momentum

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Update the averages, if this iteration is due."""
        if (runner.iter + 1) % self.interval == 0:
            self._average.update(self.get_momentum(runner))

    def _averaged(self, model: torch.nn.Module) -> dict[str, torch.Tensor]:
        return dict(model.named_parameters()) if self.skip_buffers else model.state_dict()


@EXTRA_HOOKS.register_module()
class ExpMomentumEMAHook(BaseEMAHook):
    """Averages by a momentum that falls from 1 to `momentum` exponentially, over about `total_iter` iterations."""

    def __init__(self, total_iter: int = 2000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum_fun = lambda x: (1 - self.momentum) * math.exp(-(1 + x) / total_iter) + self.momentum


@EXTRA_HOOKS.register_module()
class LinearMomentumEMAHook(BaseEMAHook):
    """Averages by `(1 + i) / (warm_up + i)`, at most `momentum ** interval`."""

    def __init__(self, warm_up: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum_fun = lambda x: min(self.momentum**self.interval, (1 + x) / (warm_up + x))
