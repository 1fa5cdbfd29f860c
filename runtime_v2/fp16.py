"""Half precision in v2 models: the decorators that cast a method's arguments, and the switch that turns them on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from inspect import getfullargspec
from typing import Any

import numpy as np
import torch
from torch import nn

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError

Method = Callable[..., Any]
Precision = tuple[str, torch.dtype]  # the device of autocast, and the low precision


def cast_tensor_type(inputs: Any, src_type: torch.dtype, dst_type: torch.dtype) -> Any:
    """`inputs` with every tensor of `src_type` cast to `dst_type`, in mappings and iterables at any depth."""
    if isinstance(inputs, torch.Tensor):
        return inputs.to(dst_type) if inputs.dtype == src_type else inputs
    if isinstance(inputs, nn.Module | str | np.ndarray):
        return inputs
    if isinstance(inputs, Mapping):
        cast = {key: cast_tensor_type(value, src_type, dst_type) for key, value in inputs.items()}
        return type(inputs)(cast)  # type: ignore[call-arg]
    if isinstance(inputs, Iterable):
        return type(inputs)(cast_tensor_type(item, src_type, dst_type) for item in inputs)  # type: ignore[call-arg]
    return inputs


def auto_fp16(
    apply_to: Iterable[str] | None = None, out_fp32: bool = False, supported_types: tuple[type, ...] = (nn.Module,)
) -> Callable[[Method], Method]:
    """Run a module's method in mixed precision once its `fp16_enabled` is true.

    Single-precision tensors among the arguments `apply_to` (all if None) become half, the body runs under autocast,
    and with `out_fp32` half tensors in the result become single again.
    """
    return casting(apply_to, out_fp32, True, supported_types, "@auto_fp16", _half)


def force_fp32(apply_to: Iterable[str] | None = None, out_fp16: bool = False) -> Callable[[Method], Method]:
    """The reverse: run a module's method in single precision although its `fp16_enabled` is true."""
    return casting(apply_to, out_fp16, False, (nn.Module,), "@force_fp32", _half)


def _half(module: Any) -> Precision | None:
    return ("cuda", torch.half) if getattr(module, "fp16_enabled", False) else None


def casting(
    apply_to: Iterable[str] | None,
    cast_back: bool,
    autocast: bool,
    supported_types: tuple[type, ...],
    name: str,
    precision_of: Callable[[Any], Precision | None],
) -> Callable[[Method], Method]:
    """The decorator of both: `precision_of` a module gives the low precision that it runs in, None for single."""

    def decorate(method: Method) -> Method:
        names = getfullargspec(method).args
        chosen = set(names if apply_to is None else apply_to)

        @functools.wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not isinstance(args[0], supported_types):
                raise ArgumentTypeError(f"{name} can only decorate methods of {supported_types}, got {type(args[0])}")
            precision = precision_of(args[0])
            if precision is None:
                return method(*args, **kwargs)
            device, low = precision
            source, target = (torch.float, low) if autocast else (low, torch.float)
            # what exceeds the named arguments is dropped, as mmcv does
            positional = [
                cast_tensor_type(value, source, target) if arg in chosen else value for arg, value in zip(names, args)
            ]
            named = {
                arg: cast_tensor_type(value, source, target) if arg in chosen else value
                for arg, value in kwargs.items()
            }
            with torch.autocast(device, dtype=low, enabled=autocast):
                output = method(*positional, **named)
            return cast_tensor_type(output, target, source) if cast_back else output

        return wrapper

    return decorate


def wrap_fp16_model(model: nn.Module) -> None:
    """Turn half precision on in every module that has the attribute `fp16_enabled`."""
    for module in model.modules():
        if hasattr(module, "fp16_enabled"):
            module.fp16_enabled = True  # type: ignore[assignment]


class LossScaler:
    """The scale of mmcv's mixed precision before torch had one; projects that scale the loss themselves use it.

    In the mode 'dynamic' the scale is divided by `scale_factor` (but stays at least 1) when gradients overflow, and
    multiplied by it after each `scale_window` updates without overflow; in 'static' it stays.
    """

    def __init__(
        self, init_scale: float = 2**32, mode: str = "dynamic", scale_factor: float = 2.0, scale_window: int = 1000
    ) -> None:
        if mode not in ("dynamic", "static"):
            raise ArgumentValueError(f"mode can only be dynamic or static, got {mode!r}")
        self.cur_scale = init_scale
        self.cur_iter = 0
        self.mode = mode
        self.last_overflow_iter = -1
        self.scale_factor = scale_factor
        self.scale_window = scale_window

    @property
    def loss_scale(self) -> float:
        """The current scale."""
        return self.cur_scale

    def has_overflow(self, params: Iterable[nn.Parameter]) -> bool:
        """Whether any gradient sums to infinity or NaN; never in the mode 'static'."""
        grads = [param.grad for param in params if param.grad is not None]
        return self.mode == "dynamic" and any(not torch.isfinite(grad.float().sum()) for grad in grads)

    def update_scale(self, overflow: bool) -> None:
        """Count one update, with or without overflow."""
        if self.mode != "dynamic":
            return
        if overflow:
            self.cur_scale = max(self.cur_scale / self.scale_factor, 1)
            self.last_overflow_iter = self.cur_iter
        elif (self.cur_iter - self.last_overflow_iter) % self.scale_window == 0:
            self.cur_scale *= self.scale_factor
        self.cur_iter += 1

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides the next scales."""
        return dict(vars(self))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave; a key that is missing raises KeyError."""
        vars(self).update({name: state_dict[name] for name in vars(self)})
