"""Batching of samples that may hold DataContainers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.data.dataloader import default_collate

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.parallel.container import DataContainer


def collate(batch: Sequence[Any], samples_per_gpu: int = 1) -> Any:
    """The samples of `batch` as one batch.

    A DataContainer field becomes a DataContainer with one chunk per `samples_per_gpu` samples; anything else is
    batched by torch's default rules.
    """
    if not isinstance(batch, Sequence):
        raise ArgumentTypeError(f"a batch must be a sequence of samples, got {type(batch).__name__}")
    first = batch[0]
    if isinstance(first, DataContainer):
        chunks = [batch[i : i + samples_per_gpu] for i in range(0, len(batch), samples_per_gpu)]
        if first.cpu_only or not first.stack:
            data: list[Any] = [[sample.data for sample in chunk] for chunk in chunks]
        else:
            data = [_stack(chunk) for chunk in chunks]
        return DataContainer(data, first.stack, first.padding_value, cpu_only=first.cpu_only)
    if isinstance(first, Sequence) and not isinstance(first, str | bytes):
        return [collate(samples, samples_per_gpu) for samples in zip(*batch)]
    if isinstance(first, Mapping):
        return {key: collate([sample[key] for sample in batch], samples_per_gpu) for key in first}
    return default_collate(list(batch))


def _stack(chunk: Sequence[DataContainer]) -> torch.Tensor:
    """The tensors of `chunk`, padded at their far ends to the largest shape among them, along a new first dimension."""
    tensors = [sample.data for sample in chunk]
    if not all(isinstance(tensor, torch.Tensor) for tensor in tensors):
        raise ArgumentTypeError(f"only tensors can be stacked, got {[type(tensor).__name__ for tensor in tensors]}")
    pad_dims = chunk[0].pad_dims
    if pad_dims is None:
        stacked: torch.Tensor = default_collate(tensors)
        return stacked
    kept = tensors[0].shape[:-pad_dims]
    if not kept or any(tensor.shape[:-pad_dims] != kept for tensor in tensors):
        shapes = [tuple(tensor.shape) for tensor in tensors]
        raise ArgumentValueError(
            f"samples of shapes {shapes} cannot be padded over their last {pad_dims} dimensions only"
        )
    sizes = [max(tensor.shape[-dim] for tensor in tensors) for dim in range(1, pad_dims + 1)]
    padded = []
    for sample in chunk:
        pad = [extra for dim, size in enumerate(sizes, 1) for extra in (0, size - sample.data.shape[-dim])]
        padded.append(F.pad(sample.data, pad, value=sample.padding_value))
    stacked = default_collate(padded)
    return stacked  # noqa: RET504 (gives it a type)
