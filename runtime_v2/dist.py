"""Work that several processes share: averaging of parameters and gradients, beside what `compat.dist` offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import distributed, nn
from torch._utils import _flatten_dense_tensors, _take_tensors, _unflatten_dense_tensors

from mmmigrate.compat.dist import (
    _init_dist_mpi,
    _init_dist_pytorch,
    _init_dist_slurm,
    get_dist_info,
    init_dist,
    master_only,
)

__all__ = [
    "_init_dist_mpi",
    "_init_dist_pytorch",
    "_init_dist_slurm",
    "allreduce_grads",
    "allreduce_params",
    "get_dist_info",
    "init_dist",
    "master_only",
]


def allreduce_params(params: Iterable[torch.Tensor], coalesce: bool = True, bucket_size_mb: int = -1) -> None:
    """Replace parameters or buffers by their mean over all processes, in place.

    With `coalesce` they travel together: all of one type at once, or in buckets of `bucket_size_mb` MiB if positive.
    """
    _allreduce([param.data for param in params], coalesce, bucket_size_mb)


def allreduce_grads(params: Iterable[nn.Parameter], coalesce: bool = True, bucket_size_mb: int = -1) -> None:
    """Replace the gradients of `params` by their mean over all processes, in place."""
    grads = [param.grad.data for param in params if param.requires_grad and param.grad is not None]
    _allreduce(grads, coalesce, bucket_size_mb)


def _allreduce(tensors: list[torch.Tensor], coalesce: bool, bucket_size_mb: int) -> None:
    _, world_size = get_dist_info()
    if world_size == 1:
        return
    if not coalesce:
        for tensor in tensors:
            distributed.all_reduce(tensor.div_(world_size))
        return
    for bucket in _buckets(tensors, bucket_size_mb):
        flat = _flatten_dense_tensors(bucket)  # type: ignore[no-untyped-call]
        distributed.all_reduce(flat)
        flat.div_(world_size)
        means = _unflatten_dense_tensors(flat, bucket)  # type: ignore[no-untyped-call]
        for tensor, mean in zip(bucket, means):
            tensor.copy_(mean)


def _buckets(tensors: list[torch.Tensor], bucket_size_mb: int) -> Iterable[list[torch.Tensor]]:
    if bucket_size_mb > 0:
        size = bucket_size_mb * 1024 * 1024
        return _take_tensors(tensors, size)  # type: ignore[no-untyped-call,no-any-return]
    by_type: dict[str, list[torch.Tensor]] = defaultdict(list)
    for tensor in tensors:
        by_type[tensor.type()].append(tensor)
    return by_type.values()
