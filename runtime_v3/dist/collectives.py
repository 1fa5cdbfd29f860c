"""Collectives that also work in a single process, and whatever device the backend wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
import torch.distributed as torch_dist

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.dist.info import get_backend, get_rank, get_world_size

Group = torch_dist.ProcessGroup | None


def get_comm_device(group: Group = None) -> torch.device:
    """Where tensors must lie to be sent."""
    return torch.device("cuda", torch.cuda.current_device()) if get_backend(group) == "nccl" else torch.device("cpu")


def get_data_device(data: Any) -> torch.device:
    """The device that all tensors in `data` lie on. Raises ValueError if there are several, or none."""
    devices = {tensor.device for tensor in _tensors(data)}
    if not devices:
        raise ValueError("data should not be empty: no tensor says on which device it lies")
    if len(devices) > 1:
        raise ValueError(f"device type in data should be consistent, but got {' and '.join(sorted(map(str, devices)))}")
    return devices.pop()


def _tensors(data: Any) -> Iterable[torch.Tensor]:
    if isinstance(data, torch.Tensor):
        yield data
    elif isinstance(data, Mapping):
        for entry in data.values():
            yield from _tensors(entry)
    elif isinstance(data, Iterable) and not isinstance(data, (str, np.ndarray)):
        for entry in data:
            yield from _tensors(entry)
    else:
        raise TypeError(f"data should be a Tensor, sequence of tensor or dict, but got {data!r}")


def cast_data_device(data: Any, device: torch.device, out: Any = None) -> Any:
    """The same containers with all tensors on `device`; with `out`, containers of the same form, written into that.

    An empty container is a ValueError.
    """
    if out is not None:
        _need_same_form(data, out)
    if isinstance(data, torch.Tensor):
        moved = data.to(device)
        return moved if out is None else out.copy_(moved)
    if isinstance(data, (Mapping, list, tuple, set)) and not data:
        raise ValueError("data should not be empty")
    if isinstance(data, Mapping):
        pairs = {key: cast_data_device(entry, device, out and out[key]) for key, entry in data.items()}
        return type(data)(pairs)  # type: ignore[call-arg]
    if isinstance(data, Iterable) and not isinstance(data, (str, np.ndarray)):
        outs = [None] * len(data) if out is None else out  # type: ignore[arg-type]
        return type(data)(  # type: ignore[call-arg]
            cast_data_device(entry, device, target) for entry, target in zip(data, outs)
        )
    raise TypeError(f"data should be a Tensor, list of tensor or dict, but got {data}")


def _need_same_form(data: Any, out: Any) -> None:
    if type(data) is not type(out):
        raise TypeError(f"out should be the same type with data, but got {type(data)} and {type(out)}")
    if isinstance(data, (set, frozenset)):
        raise TypeError("out should not be a set")
    if not isinstance(data, torch.Tensor) and len(data) != len(out):
        raise ValueError(f"length of data and out should be same, but got {len(data)} and {len(out)}")


def all_reduce(data: torch.Tensor, op: str = "sum", group: Group = None) -> None:
    """Replaces `data` in every process by the 'sum', 'mean', 'product', 'min', 'max', 'band', 'bor' or 'bxor' of all."""
    world_size = get_world_size(group)
    if world_size == 1:
        return
    reduce_op = getattr(torch_dist.ReduceOp, "SUM" if op == "mean" else op.upper(), None)
    if reduce_op is None:
        raise ValueError(f"op={op!r} is not a reduction")
    sent = data.to(get_comm_device(group)).contiguous()
    torch_dist.all_reduce(sent, reduce_op, group)
    if op == "mean":
        sent = torch.true_divide(sent, world_size).to(data.dtype)
    data.copy_(sent)


def all_gather(data: torch.Tensor, group: Group = None) -> list[torch.Tensor]:
    """Every process's `data`, in the order of ranks. Shapes must agree."""
    if get_world_size(group) == 1:
        return [data]
    sent = data.to(get_comm_device(group)).contiguous()
    gathered = [torch.empty_like(sent) for _ in range(get_world_size(group))]
    torch_dist.all_gather(gathered, sent, group)
    return [tensor.to(data.device) for tensor in gathered]


def gather(data: torch.Tensor, dst: int = 0, group: Group = None) -> list[torch.Tensor]:
    """Every process's `data` in process `dst`; an empty list in the others."""
    if get_world_size(group) == 1:
        return [data]
    sent = data.to(get_comm_device(group)).contiguous()
    here = get_rank(group) == dst
    gathered = [torch.empty_like(sent) for _ in range(get_world_size(group))] if here else None
    torch_dist.gather(sent, gathered, dst, group)
    return [tensor.to(data.device) for tensor in gathered or []]


def broadcast(data: torch.Tensor, src: int = 0, group: Group = None) -> None:
    """Replaces `data` in every process by that of process `src`."""
    if get_world_size(group) == 1:
        return
    sent = data.to(get_comm_device(group)).contiguous()
    torch_dist.broadcast(sent, src, group)
    if get_rank(group) != src:
        data.copy_(sent)


def sync_random_seed(group: Group = None) -> int:
    """A random seed, drawn from numpy in process 0 and the same in all."""
    seed = int(np.random.randint(2**31))
    if get_world_size(group) == 1:
        return seed
    shared = torch.tensor(seed if get_rank(group) == 0 else 0, dtype=torch.int64)
    broadcast(shared, 0, group)
    return int(shared.item())


def broadcast_object_list(data: list[Any], src: int = 0, group: Group = None) -> None:
    """Replaces the objects of the list in every process by those of process `src`; they are pickled."""
    if not isinstance(data, list):
        raise ArgumentTypeError(f"broadcast_object_list needs a list, got {type(data).__name__}")
    if get_world_size(group) > 1:
        torch_dist.broadcast_object_list(data, src, group, device=get_comm_device(group))


def all_gather_object(data: Any, group: Group = None) -> list[Any]:
    """Every process's object, in the order of ranks."""
    if get_world_size(group) == 1:
        return [data]
    gathered: list[Any] = [None] * get_world_size(group)
    torch_dist.all_gather_object(gathered, data, group)
    return gathered


def gather_object(data: Any, dst: int = 0, group: Group = None) -> list[Any] | None:
    """Every process's object in process `dst`; None in the others."""
    if get_world_size(group) == 1:
        return [data]
    gathered: list[Any] | None = [None] * get_world_size(group) if get_rank(group) == dst else None
    torch_dist.gather_object(data, gathered, dst, group)
    return gathered


def all_reduce_dict(data: dict[str, torch.Tensor], op: str = "sum", group: Group = None) -> None:
    """Reduces every tensor of the dict in one exchange."""
    if not isinstance(data, dict):
        raise ArgumentTypeError(f"all_reduce_dict needs a dict, got {type(data).__name__}")
    if get_world_size(group) == 1:
        return
    keys = sorted(data)
    flat = torch.cat([data[key].flatten().float() for key in keys])
    all_reduce(flat, op, group)
    for key, part in zip(keys, torch.split(flat, [data[key].numel() for key in keys])):
        data[key] = part.view_as(data[key]).to(data[key].dtype)


def all_reduce_params(
    params: Iterable[torch.Tensor],
    coalesce: bool = True,
    bucket_size_mb: int = -1,
    op: str = "sum",
    group: Group = None,
) -> None:
    """Reduces tensors in place; `coalesce` sends those of one type together."""
    if get_world_size(group) == 1:
        return
    tensors = [param.data for param in params]
    if not coalesce:
        for tensor in tensors:
            all_reduce(tensor, op, group)
        return
    by_type: dict[torch.dtype, list[torch.Tensor]] = {}
    for tensor in tensors:
        by_type.setdefault(tensor.dtype, []).append(tensor)
    for same in by_type.values():
        flat = torch.cat([tensor.flatten() for tensor in same])
        all_reduce(flat, op, group)
        for tensor, part in zip(same, torch.split(flat, [tensor.numel() for tensor in same])):
            tensor.copy_(part.view_as(tensor))


def collect_results(results: list[Any], size: int, device: str = "cpu", tmpdir: str | None = None) -> list[Any] | None:
    """All processes' results in the order of the data set, in process 0; None in the others.

    `size` is the data set's length: results of samples that a sampler repeated to even out the processes are dropped.
    """
    if device not in ("cpu", "gpu", "cuda"):
        raise NotImplementedError(f"device must be 'cpu' or 'gpu', got {device!r}")
    if device != "cpu" and tmpdir is not None:
        raise ArgumentValueError(f"tmpdir should be None when device is {device}")
    if get_world_size() == 1:
        return results[:size]
    parts = gather_object(results)
    if parts is None:
        return None
    ordered: list[Any] = []
    longest = max(len(part) for part in parts)
    for index in range(longest):
        ordered.extend(part[index] for part in parts if index < len(part))
    return ordered[:size]


def collect_results_cpu(result_part: list[Any], size: int, tmpdir: str | None = None) -> list[Any] | None:
    return collect_results(result_part, size, "cpu", tmpdir)


def collect_results_gpu(result_part: list[Any], size: int) -> list[Any] | None:
    return collect_results(result_part, size, "gpu" if get_device() == "cuda" else "cpu")
