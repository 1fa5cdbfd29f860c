"""mmcv's decorators of mixed precision where v3 trains: they act while `AmpOptimWrapper` runs the model.

    from mmmigrate.compat.adapters.fp16 import auto_fp16, force_fp32

In mmcv `wrap_fp16_model` set `fp16_enabled` on every module that has the attribute. v3 sets nothing and runs the whole
model under `torch.autocast`: that is asked here, so that a loss under `force_fp32` is computed in single precision.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import torch
from torch import nn

from mmmigrate.runtime_v2.fp16 import Method, Precision, casting

_SINGLE_INSIDE: ContextVar[Precision | None] = ContextVar("single_inside", default=None)


def auto_fp16(
    apply_to: Iterable[str] | None = None, out_fp32: bool = False, supported_types: tuple[type, ...] = (nn.Module,)
) -> Callable[[Method], Method]:
    """Run a module's method in mixed precision where the run is, with the arguments of mmcv's decorator."""
    return casting(apply_to, out_fp32, True, supported_types, "@auto_fp16", _precision_of)


def force_fp32(apply_to: Iterable[str] | None = None, out_fp16: bool = False) -> Callable[[Method], Method]:
    """Run a module's method in single precision in a mixed run, with the arguments of mmcv's decorator."""
    cast = casting(apply_to, out_fp16, False, (nn.Module,), "@force_fp32", _precision_of)

    def decorate(method: Method) -> Method:
        single = cast(method)

        @functools.wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            token = _SINGLE_INSIDE.set(_precision_of(args[0]) or _SINGLE_INSIDE.get())
            try:
                return single(*args, **kwargs)
            finally:
                _SINGLE_INSIDE.reset(token)

        return wrapper

    return decorate


def _precision_of(module: Any) -> Precision | None:
    """What a module that knows of mixed precision runs in; `fp16_enabled` set by hand counts as in mmcv."""
    if not hasattr(module, "fp16_enabled"):
        return None
    for device in ("cuda", "cpu"):
        if torch.is_autocast_enabled(device):
            return device, torch.get_autocast_dtype(device)
    return _SINGLE_INSIDE.get() or (("cuda", torch.half) if module.fp16_enabled else None)
