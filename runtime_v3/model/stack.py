"""Images of different sizes → one batch."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError


def stack_batch(tensor_list: list[torch.Tensor], pad_size_divisor: int = 1, pad_value: float = 0) -> torch.Tensor:
    """Pads tensors at the right and bottom to the largest size, rounded up to a multiple, and stacks them.

    All dimensions but the first are padded; the number of dimensions must agree.
    """
    if not isinstance(tensor_list, list) or not tensor_list:
        raise ArgumentTypeError(f"stack_batch needs a list of tensors that is not empty, got {tensor_list!r}")
    dims = {tensor.ndim for tensor in tensor_list}
    if len(dims) != 1:
        raise ArgumentValueError(f"the tensors have different numbers of dimensions: {sorted(dims)}")
    largest = [
        -(-max(sizes) // pad_size_divisor) * pad_size_divisor
        for sizes in zip(*(tensor.shape for tensor in tensor_list))
    ]
    return torch.stack([_pad(tensor, largest, pad_value) for tensor in tensor_list])


def pad_to_divisor(batch: torch.Tensor, divisor: int, value: float) -> torch.Tensor:
    """Pads height and width, the last two dimensions, at the right and bottom up to a multiple of `divisor`."""
    height, width = (-(-size // divisor) * divisor for size in batch.shape[-2:])
    return F.pad(batch, (0, width - batch.shape[-1], 0, height - batch.shape[-2]), "constant", value)


def _pad(tensor: torch.Tensor, largest: list[int], value: float) -> torch.Tensor:
    missing = [target - size for target, size in zip(largest, tensor.shape)]
    missing[0] = 0
    if not any(missing):
        return tensor
    # F.pad counts from the last dimension; nothing is added at the start of any.
    return F.pad(tensor, [amount for missed in reversed(missing) for amount in (0, missed)], value=value)


def merge_dict(*args: dict[str, Any]) -> dict[str, Any]:
    """One dict of all entries; a later one with the same key counts."""
    merged: dict[str, Any] = {}
    for entries in args:
        if not isinstance(entries, dict):
            raise ArgumentTypeError(f"merge_dict needs dicts, got {type(entries).__name__}")
        merged.update(entries)
    return merged
