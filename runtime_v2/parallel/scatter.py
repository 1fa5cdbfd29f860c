"""Splitting a batch over devices, with DataContainers unwrapped; device -1 is the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.parallel._functions import Scatter as TorchScatter

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.parallel.container import DataContainer

CPU = [-1]


def scatter(inputs: Any, target_gpus: Sequence[int], dim: int = 0) -> list[Any]:
    """`inputs` once per device of `target_gpus`, tensors split along `dim`, DataContainers by their chunks."""
    targets = list(target_gpus)
    if isinstance(inputs, torch.Tensor):
        if targets == CPU:
            return [inputs.contiguous()]
        return list(TorchScatter.apply(targets, None, dim, inputs))  # type: ignore[no-untyped-call]
    if isinstance(inputs, DataContainer):
        return list(inputs.data) if inputs.cpu_only else move_chunks(inputs.data, targets)
    if isinstance(inputs, tuple) and inputs:
        return list(zip(*(scatter(item, targets, dim) for item in inputs)))
    if isinstance(inputs, list) and inputs:
        return [list(part) for part in zip(*(scatter(item, targets, dim) for item in inputs))]
    if isinstance(inputs, dict) and inputs:
        columns = [scatter(item, targets, dim) for item in inputs.items()]
        return [type(inputs)(part) for part in zip(*columns)]
    return [inputs for _ in targets]


def scatter_kwargs(
    inputs: Any, kwargs: Any, target_gpus: Sequence[int], dim: int = 0
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Positional and keyword arguments, each once per device; the shorter is filled up with empty ones."""
    positional = scatter(inputs, target_gpus, dim) if inputs else []
    named = scatter(kwargs, target_gpus, dim) if kwargs else []
    count = max(len(positional), len(named))
    positional, named = list(positional), list(named)
    positional += [()] * (count - len(positional))
    named += [{} for _ in range(count - len(named))]
    return tuple(positional), tuple(named)


def move_chunks(chunks: Any, targets: Sequence[int]) -> list[Any]:
    """The chunks of a DataContainer, moved to their devices: the first ones to the first device, and so on."""
    if isinstance(chunks, torch.Tensor):
        return [_move(chunks, targets[0])]
    per_device = (len(chunks) - 1) // len(targets) + 1
    return [_move(chunk, targets[i // per_device]) for i, chunk in enumerate(chunks)]


def _move(data: Any, device: int) -> Any:
    if isinstance(data, torch.Tensor):
        tensor = data.contiguous()
        return tensor if device == -1 else tensor.cuda(device, non_blocking=True)
    if isinstance(data, list):
        return [_move(item, device) for item in data]
    raise ArgumentTypeError(f"a DataContainer that is not cpu_only must hold tensors, got {type(data).__name__}")
