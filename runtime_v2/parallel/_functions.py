"""Scattering of nested lists of tensors, under the names that projects import from `mmcv.parallel._functions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.parallel.scatter import move_chunks


def scatter(input: Any, devices: Sequence[int], streams: Any = None) -> Any:
    """A tensor on the first device, or a list with its first items on the first device, and so on; -1 is the CPU.

    `streams` is taken and not used: torch orders the copies itself.
    """
    moved = move_chunks(input, list(devices))
    return moved[0] if isinstance(input, torch.Tensor) else moved


def synchronize_stream(output: Any, devices: Sequence[int], streams: Any) -> None:
    """Nothing: `scatter` copies on the current stream, so there is none to wait for."""


def get_input_device(input: Any) -> int:
    """The device of the first tensor that is on a GPU, -1 if none is."""
    if isinstance(input, torch.Tensor):
        return input.get_device() if input.is_cuda else -1
    if isinstance(input, list):
        return next((device for device in map(get_input_device, input) if device != -1), -1)
    raise ArgumentTypeError(f"tensors or lists of tensors have a device, not {type(input).__name__}")


class Scatter:
    """`Scatter.forward(devices, input)`: what `scatter` gives, as a tuple."""

    @staticmethod
    def forward(target_gpus: list[int], input: Any) -> tuple[Any, ...]:
        """One item per item of `input`, or one for a tensor."""
        outputs = scatter(input, target_gpus)
        return tuple(outputs) if isinstance(outputs, list) else (outputs,)
