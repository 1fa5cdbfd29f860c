"""Tensors of which every process holds a part (`DTensor`), as `fully_shard` leaves them, and whole ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def is_sharded(model: nn.Module) -> bool:
    """Whether processes hold parts of the parameters."""
    return any(hasattr(param, "device_mesh") for param in model.parameters())


def whole(tensor: Any) -> torch.Tensor:
    """The whole tensor; all processes must ask for it at the same time if it is sharded."""
    found: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return found


def held_part(tensor: Any) -> Any:
    """What this process holds of a tensor, in the same memory."""
    with torch.no_grad():
        return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def parted_like(tensor: torch.Tensor, like: Any) -> torch.Tensor:
    """This process's part of a whole tensor, if `like` is sharded and of the same shape; else the tensor itself."""
    if not hasattr(like, "device_mesh") or hasattr(tensor, "device_mesh") or tensor.shape != like.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)


def sharded_copy(model: nn.Module) -> nn.Module:
    """A module with copies of the parts that this process holds, under the same names; it cannot compute.

    torch refuses to copy a module that `fully_shard` has changed.
    """
    made = nn.Module()
    folders = {"": made}
    for path, _ in model.named_modules():
        if path:
            parent, _, name = path.rpartition(".")
            folders[path] = nn.Module()
            folders[parent].add_module(name, folders[path])
    for path, parameter in model.named_parameters():
        parent, _, name = path.rpartition(".")
        folders[parent].register_parameter(name, nn.Parameter(parameter.detach().clone(), requires_grad=False))
    kept = model.state_dict()
    for path, buffer in model.named_buffers():
        parent, _, name = path.rpartition(".")
        folders[parent].register_buffer(name, buffer.detach().clone(), persistent=path in kept)
    return made


def gather_in_parts(model: nn.Module) -> None:
    """Gives back what a forward pass without a backward pass has gathered, so that the parameters are parts again."""
    for module in model.modules():
        reshard: Any = getattr(module, "reshard", None)
        if reshard is not None:
            reshard()


def part_weights(weights: Mapping[str, Any], model: nn.Module) -> dict[str, Any]:
    """The weights in the form in which `model` holds them."""
    held = model.state_dict()
    found = OrderedDict(
        (name, parted_like(value, held[name]) if name in held else value) for name, value in weights.items()
    )
    found._metadata = getattr(weights, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return found


def part_optimizer(optimizer: torch.optim.Optimizer) -> None:
    """Parts what the optimizer has just loaded as its parameters are parted."""
    for param, state in getattr(optimizer, "state", {}).items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor):
                state[name] = parted_like(value, param)
