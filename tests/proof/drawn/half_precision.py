"""Mixed precision where there is no GPU: both runtimes take the CPU's bfloat16 and a scaler that really scales."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch

from mmmigrate.runtime_v2 import fp16 as fp16_v2
from mmmigrate.runtime_v2.hooks import fp16_optimizer as scaling_v2
from mmmigrate.runtime_v3.optim.optimizer import amp_optimizer_wrapper as amp_v3


@contextlib.contextmanager
def half_precision_on_the_cpu() -> Iterator[None]:
    """What v2 does on CUDA only, and v3 does without a scaler on a CPU, happens on the CPU in both."""
    with contextlib.ExitStack() as stack:
        for module in (fp16_v2, scaling_v2, amp_v3):
            stack.enter_context(mock.patch.object(module, "torch", _Torch()))
        yield


class _Amp:
    @staticmethod
    def GradScaler(device: str, **arguments: Any) -> Any:
        return torch.amp.GradScaler("cpu", **{**arguments, "enabled": True})


class _Torch:
    """torch, but for what names a device."""

    amp = _Amp
    half = torch.bfloat16

    def autocast(self, device: str, dtype: torch.dtype | None = None, enabled: bool = True) -> Any:
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled)

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)
