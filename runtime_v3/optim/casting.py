"""Mixed precision on the device at hand."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.device import get_device


def autocast(
    device_type: str | None = None,
    dtype: torch.dtype | None = None,
    enabled: bool = True,
    cache_enabled: bool | None = None,
) -> AbstractContextManager[Any]:
    """`torch.autocast` for the device of this process; `dtype` is the device's default if None.

    Raises ValueError for a dtype that the device cannot compute in.
    """
    if not enabled:
        return nullcontext()
    device = device_type or get_device()
    if dtype is None:
        dtype = torch.bfloat16 if device == "cpu" else torch.get_autocast_dtype(device)
    if device == "cpu" and dtype != torch.bfloat16:
        raise ArgumentValueError(f"a CPU computes mixed precision in bfloat16 only, got {dtype}: set dtype='bfloat16'")
    if device == "cuda" and dtype == torch.bfloat16 and not torch.cuda.is_bf16_supported():
        raise ValueError("this GPU does not compute in bfloat16: set dtype='float16'")
    return torch.autocast(device_type=device, dtype=dtype, cache_enabled=cache_enabled)
