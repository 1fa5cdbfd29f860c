"""Processes of a distributed run: joining them, and which one this is. torch is imported only when it is needed."""

from __future__ import annotations

import atexit
import functools
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from mmmigrate.compat.suggest import did_you_mean

Result = TypeVar("Result")


def get_dist_info() -> tuple[int, int]:
    """`(rank, world_size)` of this process; `(0, 1)` when no process group was initialised."""
    # A process that never imported torch.distributed can't have joined a group: no need to pay for the import.
    dist: Any = sys.modules.get("torch.distributed")
    if dist is None or not dist.is_available() or not dist.is_initialized():
        return 0, 1
    return dist.get_rank(), dist.get_world_size()


def master_only(func: Callable[..., Result]) -> Callable[..., Result | None]:
    """Makes a function do nothing, and return None, in every process but rank 0."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Result | None:
        return func(*args, **kwargs) if get_dist_info()[0] == 0 else None

    return wrapper


def init_dist(launcher: str, backend: str = "nccl", **kwargs: Any) -> None:
    """Joins the process group that `launcher` ("pytorch", "slurm" or "mpi") started this process for.

    `kwargs` go to `torch.distributed.init_process_group`; `port` sets MASTER_PORT for slurm. On a machine with GPUs
    the process takes the one of its local rank. The start method of worker processes becomes "spawn", unless one
    was chosen before.
    """
    import torch.multiprocessing as mp

    join = _LAUNCHERS.get(launcher)
    if join is None:
        raise ValueError(f"Invalid launcher type: {launcher}{did_you_mean(str(launcher), _LAUNCHERS)}")
    if mp.get_start_method(allow_none=True) is None:
        mp.set_start_method("spawn")
    join(backend, **kwargs)
    # Threads of a group that is still there when the interpreter ends may abort the process, after all its work.
    atexit.register(_leave)


def _leave() -> None:
    import torch.distributed as dist

    if dist.is_initialized():
        dist.destroy_process_group()


def end_process(code: int = 0) -> NoReturn:
    """Ends this process, the last thing that a command does; `code` is its exit code.

    A process of a distributed run goes without the interpreter's teardown: threads of the communication library may
    live on, and one that asks for the interpreter's lock during the teardown aborts the process, after all its work,
    for which torchrun then calls the whole run failed. What the teardown does for others still happens: threads are
    awaited, exit functions called, streams flushed.
    """
    if get_dist_info()[1] > 1:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _environment(name: str, launcher: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise RuntimeError(f"launcher={launcher!r} needs the environment variable {name}, which is not set; was the "
                           f"process started by that launcher?")  # fmt: skip
    return value


def _use_gpu(index: int) -> None:
    import torch

    if torch.cuda.device_count():
        torch.cuda.set_device(index % torch.cuda.device_count())


def _init_dist_pytorch(backend: str, **kwargs: Any) -> None:
    import torch.distributed as dist

    rank = int(_environment("RANK", "pytorch"))
    _use_gpu(int(os.environ.get("LOCAL_RANK", rank)))
    dist.init_process_group(backend=backend, **kwargs)


def _init_dist_mpi(backend: str, **kwargs: Any) -> None:
    import torch.distributed as dist

    local_rank = int(_environment("OMPI_COMM_WORLD_LOCAL_RANK", "mpi"))
    os.environ.setdefault("MASTER_PORT", "29500")
    _environment("MASTER_ADDR", "mpi")
    os.environ["WORLD_SIZE"] = _environment("OMPI_COMM_WORLD_SIZE", "mpi")
    os.environ["RANK"] = _environment("OMPI_COMM_WORLD_RANK", "mpi")
    _use_gpu(local_rank)
    dist.init_process_group(backend=backend, **kwargs)


def _init_dist_slurm(backend: str, port: int | None = None, **kwargs: Any) -> None:
    import torch
    import torch.distributed as dist

    rank = int(_environment("SLURM_PROCID", "slurm"))
    nodes = _environment("SLURM_NODELIST", "slurm")
    local_rank = rank % max(torch.cuda.device_count(), 1)
    if port is not None:
        os.environ["MASTER_PORT"] = str(port)
    os.environ.setdefault("MASTER_PORT", "29500")
    if "MASTER_ADDR" not in os.environ:
        os.environ["MASTER_ADDR"] = _first_slurm_host(nodes)
    os.environ["WORLD_SIZE"] = _environment("SLURM_NTASKS", "slurm")
    os.environ["LOCAL_RANK"] = str(local_rank)
    os.environ["RANK"] = str(rank)
    _use_gpu(local_rank)
    dist.init_process_group(backend=backend, **kwargs)


def _first_slurm_host(nodes: str) -> str:
    if not re.fullmatch(r"[\w\[\],.-]+", nodes):
        raise RuntimeError(f"SLURM_NODELIST={nodes!r} is no list of hosts")
    host = subprocess.getoutput(f"scontrol show hostname {nodes} | head -n1")
    if len(host.split()) != 1:
        raise RuntimeError(f"scontrol gives no host name for SLURM_NODELIST={nodes!r}: {host}")
    return host


_LAUNCHERS: dict[str, Callable[..., None]] = {
    "pytorch": _init_dist_pytorch,
    "mpi": _init_dist_mpi,
    "slurm": _init_dist_slurm,
}
