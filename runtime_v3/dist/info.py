"""Who am I among how many."""

from __future__ import annotations

import datetime
import os
from typing import Any

import torch.distributed as torch_dist

from mmmigrate.compat.dist import init_dist as _init_dist
from mmmigrate.compat.dist import master_only

__all__ = [
    "barrier",
    "get_backend",
    "get_default_group",
    "get_dist_info",
    "get_rank",
    "get_world_size",
    "infer_launcher",
    "init_dist",
    "is_distributed",
    "is_main_process",
    "master_only",
]


def init_dist(launcher: str, backend: str = "nccl", init_backend: str = "torch", **kwargs: Any) -> None:
    """Joins the processes that `launcher` started: 'pytorch', 'slurm' or 'mpi'; see `compat.dist.init_dist`.

    `init_backend` is 'torch': 'deepspeed' and 'colossalai' have strategies of their own in mmengine, not here.
    """
    if init_backend != "torch":
        raise ValueError(f"init_backend must be 'torch', got {init_backend!r}: fully_shard needs no other library")
    if "timeout" in kwargs:
        kwargs["timeout"] = _timeout(kwargs["timeout"])
    _init_dist(launcher, backend, **kwargs)


def _timeout(given: Any) -> datetime.timedelta:
    """A time limit given in seconds, as a config can."""
    if isinstance(given, datetime.timedelta):
        return given
    try:
        return datetime.timedelta(seconds=given)
    except TypeError as error:
        raise TypeError(f"Timeout for distributed training must be provided as timeout in seconds, got {given!r}") from error


def get_dist_info(group: torch_dist.ProcessGroup | None = None) -> tuple[int, int]:
    """`(rank, world_size)` of this process in the group."""
    return get_rank(group), get_world_size(group)


def is_distributed() -> bool:
    return torch_dist.is_available() and torch_dist.is_initialized()


def get_default_group() -> torch_dist.ProcessGroup:
    """The group of all processes. torch raises ValueError before it is made."""
    return torch_dist.distributed_c10d._get_default_group()


def get_backend(group: torch_dist.ProcessGroup | None = None) -> str | None:
    return str(torch_dist.get_backend(group)) if is_distributed() else None


def get_world_size(group: torch_dist.ProcessGroup | None = None) -> int:
    return torch_dist.get_world_size(group) if is_distributed() else 1


def get_rank(group: torch_dist.ProcessGroup | None = None) -> int:
    return torch_dist.get_rank(group) if is_distributed() else 0


def is_main_process(group: torch_dist.ProcessGroup | None = None) -> bool:
    return get_rank(group) == 0


def barrier(group: torch_dist.ProcessGroup | None = None) -> None:
    """Waits until all processes have come here."""
    if is_distributed():
        torch_dist.barrier(group)


def infer_launcher() -> str:
    """`'pytorch'`, `'slurm'`, `'mpi'` or `'none'`, by the environment that the launcher made."""
    for variable, launcher in (
        ("WORLD_SIZE", "pytorch"),
        ("SLURM_NTASKS", "slurm"),
        ("OMPI_COMM_WORLD_LOCAL_RANK", "mpi"),
    ):
        if variable in os.environ:
            return launcher
    return "none"
