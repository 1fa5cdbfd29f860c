"""The wrapper of mixed precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import Any

import torch
from torch import nn

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.optim.casting import autocast
from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper import OptimWrapper
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPERS

VALID_DTYPES = ("float16", "bfloat16", "float32", "float64")


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper):
    """Forward in `dtype` (the device's default if None), with the loss scaled so that small gradients survive.

    `loss_scale`: 'dynamic', a fixed number, or the arguments of `torch.amp.GradScaler`. On a CPU, where gradients of
    bfloat16 need no scaling, the scaler is switched off; mmengine refuses to run there.
    """

    valid_dtypes = VALID_DTYPES

    def __init__(
        self,
        loss_scale: str | float | dict[str, Any] = "dynamic",
        dtype: str | torch.dtype | None = None,
        use_fsdp: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        device = get_device()
        self._scale_update_param: float | None = None
        arguments: dict[str, Any] = {"enabled": device != "cpu"}
        if isinstance(loss_scale, float):
            self._scale_update_param = loss_scale
            arguments["init_scale"] = loss_scale
        elif isinstance(loss_scale, dict):
            arguments.update(loss_scale)
        elif loss_scale != "dynamic":
            raise TypeError(f"loss_scale must be 'dynamic', a float or a dict, got {loss_scale!r}")
        if use_fsdp:
            from torch.distributed.fsdp.sharded_grad_scaler import ShardedGradScaler

            self.loss_scaler: torch.amp.GradScaler = ShardedGradScaler(device, **arguments)
        else:
            self.loss_scaler = torch.amp.GradScaler(device, **arguments)
        if isinstance(dtype, str):
            if dtype not in VALID_DTYPES:
                raise ArgumentValueError(f"dtype must be one of {VALID_DTYPES}, got {dtype!r}")
            dtype = getattr(torch, dtype)
        if dtype is not None and not isinstance(dtype, torch.dtype):
            raise ArgumentTypeError(f"dtype must be a name, a torch.dtype or None, got {dtype!r}")
        self.cast_dtype = dtype

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        self.loss_scaler.scale(loss).backward(**kwargs)  # type: ignore[no-untyped-call]
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        if self.clip_grad_kwargs:
            self.loss_scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.loss_scaler.step(self.optimizer, **kwargs)
        self.loss_scaler.update(self._scale_update_param)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "loss_scaler": self.loss_scaler.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        scaler = state.pop("loss_scaler", None)
        if scaler:
            self.loss_scaler.load_state_dict(scaler)
        super().load_state_dict(state)

    def optim_context(self, model: nn.Module) -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(super().optim_context(model))
        stack.enter_context(autocast(dtype=self.cast_dtype))
        return stack
