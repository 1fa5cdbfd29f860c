"""The wrapper of full precision: clipping and accumulation."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, StateError
from mmmigrate.runtime_v3.logging import MessageHub, print_log
from mmmigrate.runtime_v3.optim.optimizer.base import BaseOptimWrapper
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPERS
from mmmigrate.runtime_v3.sharding import whole

_NOTHING = nullcontext()


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(BaseOptimWrapper):
    """Steps every `accumulative_counts` iterations and at the last one, after clipping.

    `clip_grad`: the arguments of `torch.nn.utils.clip_grad_norm_`, or with `type='value'` of `clip_grad_value_`. The
    norm before clipping is recorded as `train/grad_norm`.
    """

    def __init__(
        self, optimizer: Optimizer, accumulative_counts: int = 1, clip_grad: dict[str, Any] | None = None
    ) -> None:
        if accumulative_counts <= 0:
            raise ArgumentValueError(f"accumulative_counts must be at least 1, got {accumulative_counts}")
        super().__init__(optimizer)
        self._accumulative_counts = accumulative_counts
        self.clip_grad_kwargs = self._read_clip(clip_grad)
        self.message_hub = MessageHub.get_current_instance()
        self._inner_count = 0
        self._max_counts = -1
        self._remainder_counts = -1

    def _read_clip(self, clip_grad: dict[str, Any] | None) -> dict[str, Any] | None:
        if clip_grad is None:
            return None
        if not isinstance(clip_grad, dict) or not clip_grad:
            raise ArgumentTypeError(f"If `clip_grad` is not None, it is a dict that is not empty, got {clip_grad!r}")
        arguments = dict(clip_grad)
        kind = arguments.pop("type", "norm")
        if kind not in ("norm", "value"):
            raise ValueError(f"clip_grad: type must be 'norm' or 'value', got {kind!r}")
        if not arguments:
            raise ArgumentValueError(
                f"clip_grad={dict(clip_grad)} gives no bound: add max_norm (or clip_value for type='value')"
            )
        self.grad_name = f"grad_{kind}"
        self.clip_func: Any = getattr(torch.nn.utils, f"clip_{self.grad_name}_")
        return arguments

    def update_params(
        self,
        loss: torch.Tensor,
        step_kwargs: dict[str, Any] | None = None,
        zero_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.backward(self.scale_loss(loss))
        if self.should_update():
            self.step(**(step_kwargs or {}))
            self.zero_grad(**(zero_kwargs or {}))

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        loss.backward(**kwargs)  # type: ignore[no-untyped-call]
        self._inner_count += 1

    def zero_grad(self, **kwargs: Any) -> None:
        """Takes the gradients off the parameters, as the optimizer's own `zero_grad` does."""
        optimizer = self.optimizer
        is_torchs = getattr(type(optimizer), "zero_grad", None) is Optimizer.zero_grad
        if kwargs or not is_torchs or "zero_grad" in vars(optimizer) or torch._C._autograd._profiler_enabled():
            optimizer.zero_grad(**kwargs)
            return
        # The same without the label for a profiler, which takes 4 µs at every iteration.
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def step(self, **kwargs: Any) -> None:
        if self.clip_grad_kwargs:
            self._clip_grad()
        self.optimizer.step(**kwargs)

    def optim_context(self, model: nn.Module) -> AbstractContextManager[Any]:
        """To be entered around the forward pass: spares the exchange of gradients while they are accumulated."""
        if self._accumulative_counts > 1 and not self.should_sync() and hasattr(model, "no_sync"):
            wrapper: Any = model
            context: AbstractContextManager[Any] = wrapper.no_sync()
            return context
        return _NOTHING

    def _clip_grad(self) -> None:
        params = [
            p
            for group in self.optimizer.param_groups
            for p in group["params"]
            if p.requires_grad and p.grad is not None
        ]
        if params:
            norm = self.clip_func(params, **(self.clip_grad_kwargs or {}))
            if norm is not None:
                self.message_hub.update_scalar(f"train/{self.grad_name}", float(whole(norm)))

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        """Tells at which iteration training begins and ends, so that the last accumulation is scaled rightly."""
        counts = self._accumulative_counts
        self._inner_count = init_counts
        self._max_counts = max_counts
        self._remainder_counts = max_counts % counts
        if init_counts % counts and not any(parameter.grad is not None for parameter in model.parameters()):
            print_log(
                f"Resumed iteration number {init_counts} lies inside an accumulation of {counts}: the gradients of "
                "its first iterations are lost, which changes the result slightly.",
                logger="current",
                level=logging.WARNING,
            )
        if counts > 1 and any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules()):
            print_log(
                "Gradient accumulative training with batch norm: statistics are those of the small batches.",
                logger="current",
                level=logging.WARNING,
            )

    def should_update(self) -> bool:
        return self._inner_count % self._accumulative_counts == 0 or self._inner_count == self._max_counts

    def should_sync(self) -> bool:
        following = self._inner_count + 1
        return following % self._accumulative_counts == 0 or following == self._max_counts

    def scale_loss(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss over the number of iterations that its step accumulates."""
        counts = self._accumulative_counts
        if counts == 1:
            return loss  # dividing by 1 gives the same bits, and costs a node of the graph
        if self._max_counts != -1 and self._inner_count >= self._max_counts - self._remainder_counts:
            counts = self._remainder_counts
            if counts <= 0:
                raise StateError(
                    f"loss_factor should be above zero at iteration {self._inner_count} of {self._max_counts}: "
                    "initialize_count_status was given a wrong number of iterations"
                )
        return loss / counts

    @property
    def inner_count(self) -> int:
        return self._inner_count

    def __repr__(self) -> str:
        return (
            f"Type: {type(self).__name__}\n_accumulative_counts: {self._accumulative_counts}\n"
            f"optimizer: \n{self.optimizer!r}\n"
        )
