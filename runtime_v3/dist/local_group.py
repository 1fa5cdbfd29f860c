"""The processes of one machine as a group of their own."""

from __future__ import annotations

import os

import torch.distributed as torch_dist

from mmmigrate.compat.argument_errors import StateError
from mmmigrate.runtime_v3.dist.info import get_rank, get_world_size, is_distributed

_local_group: torch_dist.ProcessGroup | None = None


def init_local_group(node_rank: int, num_gpus_per_node: int) -> None:
    """Makes the group of the processes on machine number `node_rank`, each machine having as many processes."""
    global _local_group
    if _local_group is not None:
        raise StateError("the local group is made already")
    first = node_rank * num_gpus_per_node
    _local_group = torch_dist.new_group(list(range(first, first + num_gpus_per_node)))


def get_local_group() -> torch_dist.ProcessGroup | None:
    """The group of this machine's processes; None outside a distributed run. Raises RuntimeError before it is made."""
    if not is_distributed():
        return None
    if _local_group is None:
        raise RuntimeError("Local process group is not created: call `init_local_group` first")
    return _local_group


def get_local_rank() -> int:
    """The rank within this machine: in the group, or as the launcher tells it; RuntimeError where there is neither."""
    if _local_group is None and "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"]) if is_distributed() else 0
    return get_rank(get_local_group())


def get_local_size() -> int:
    """The number of processes on this machine, from where `get_local_rank` has it."""
    if _local_group is None and "LOCAL_WORLD_SIZE" in os.environ:
        return int(os.environ["LOCAL_WORLD_SIZE"]) if is_distributed() else 1
    return get_world_size(get_local_group())
