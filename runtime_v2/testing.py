"""Running a model over a data set for its results, in one process or several."""

from __future__ import annotations

import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn

from mmmigrate.runtime_v2.dist import get_dist_info


def single_gpu_test(model: nn.Module, data_loader: Any) -> list[Any]:
    """The results of `model(return_loss=False, **batch)` over the loader, one per sample, in its order."""
    return list(_results(model, data_loader, show=True))


def multi_gpu_test(
    model: nn.Module, data_loader: Any, tmpdir: str | None = None, gpu_collect: bool = False
) -> list[Any] | None:
    """The same over several processes, in the order of the data set; None on every rank but 0.

    Results travel through files in `tmpdir`, which all ranks must see, or with `gpu_collect` by the process group.
    """
    rank, _ = get_dist_info()
    part = list(_results(model, data_loader, show=rank == 0))
    size = len(data_loader.dataset)
    return collect_results_gpu(part, size) if gpu_collect else collect_results_cpu(part, size, tmpdir)


def collect_results_cpu(result_part: list[Any], size: int, tmpdir: str | None = None) -> list[Any] | None:
    """The first `size` results of all ranks in turn, through files in `tmpdir` (a new folder if None); on rank 0."""
    rank, world_size = get_dist_info()
    folder = Path(_shared_folder(tmpdir))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"part_{rank}.pkl").write_bytes(pickle.dumps(result_part))
    if world_size > 1:
        distributed.barrier()
    if rank != 0:
        return None
    # these files were written by this run's own processes a moment ago
    parts = [pickle.loads((folder / f"part_{i}.pkl").read_bytes()) for i in range(world_size)]
    shutil.rmtree(folder)
    return _interleaved(parts, size)


def collect_results_gpu(result_part: list[Any], size: int) -> list[Any] | None:
    """The first `size` results of all ranks in turn, gathered by the process group; on rank 0."""
    rank, world_size = get_dist_info()
    if world_size == 1:
        return result_part[:size]
    parts: list[Any] = [None] * world_size
    distributed.all_gather_object(parts, result_part)
    return _interleaved(parts, size) if rank == 0 else None


def _results(model: nn.Module, data_loader: Any, show: bool) -> Iterator[Any]:
    model.eval()
    total, done = len(data_loader.dataset), 0
    show = show and sys.stderr.isatty()
    for batch in data_loader:
        with torch.no_grad():
            results = model(return_loss=False, **batch)
        yield from results
        done += len(results)
        if show:
            sys.stderr.write(f"\rtesting {done}/{total}")
    if show:
        sys.stderr.write("\n")


def _shared_folder(tmpdir: str | None) -> str:
    rank, world_size = get_dist_info()
    if tmpdir is not None:
        return tmpdir
    named = [tempfile.mkdtemp(prefix="dist_test_") if rank == 0 else ""]
    if world_size > 1:
        distributed.broadcast_object_list(named, 0)
    return named[0]


def _interleaved(parts: list[list[Any]], size: int) -> list[Any]:
    """Results in the order of a distributed sampler, which deals samples out in turn; its padding is cut off."""
    ordered = [result for turn in zip(*(part for part in parts if part)) for result in turn]
    return ordered[:size]
