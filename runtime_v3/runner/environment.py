"""What a run sets in its process, and what the log says about the machine."""

from __future__ import annotations

import os
import platform
import random
import time
import warnings
from typing import Any

import numpy as np
import torch
import torch.multiprocessing as mp

from mmmigrate.compat import environment
from mmmigrate.runtime_v3.device import is_cuda_available, is_musa_available
from mmmigrate.runtime_v3.dist import broadcast, get_rank, init_dist, is_distributed, sync_random_seed
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.versions import MMENGINE_VERSION


def set_random_seed(seed: int | None = None, deterministic: bool = False, diff_rank_seed: bool = False) -> int:
    """Seeds random, numpy and torch; returns the seed, drawn and shared by all processes if None was given.

    `diff_rank_seed` adds the rank. `deterministic` makes torch refuse operations that are not.
    """
    if seed is None:
        seed = sync_random_seed()
    if diff_rank_seed:
        seed += get_rank()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if is_cuda_available():
        torch.cuda.manual_seed_all(seed)
    if deterministic:
        if torch.backends.cudnn.benchmark:
            print_log("deterministic=True switches cudnn_benchmark off", logger="current")
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True)
    return seed


def setup_environment(env_cfg: dict[str, Any], launcher: str) -> None:
    """Sets what `env_cfg` asks for: cudnn, the start method of workers, OpenCV's threads, processes, open files."""
    if env_cfg.get("cudnn_benchmark"):
        torch.backends.cudnn.benchmark = True
    distributed = launcher != "none"
    set_multi_processing(**(env_cfg.get("mp_cfg") or {}), distributed=distributed)
    if distributed and not is_distributed():
        dist_cfg = {"backend": "nccl", **(env_cfg.get("dist_cfg") or {})}
        if dist_cfg["backend"] == "nccl" and not is_cuda_available():
            print_log("There is no GPU for backend='nccl': the processes talk through gloo.")
            dist_cfg["backend"] = "gloo"
        init_dist(launcher, **dist_cfg)
    if platform.system() != "Windows":
        _raise_open_files(env_cfg.get("resource_limit", 4096))


def _raise_open_files(wanted: int) -> None:
    import resource  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Workers that share tensors keep a file open for each; a limit above the wanted one stays.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(wanted, soft), hard), hard))


def set_multi_processing(mp_start_method: str = "fork", opencv_num_threads: int = 0, distributed: bool = False) -> None:
    """Sets how workers are started, OpenCV's threads, and one thread for each of several processes."""
    if platform.system() != "Windows":
        current = mp.get_start_method(allow_none=True)
        if current is not None and current != mp_start_method:
            warnings.warn(f"mp_start_method {current!r}, set before, becomes {mp_start_method!r}", stacklevel=3)
        mp.set_start_method(mp_start_method, force=True)
    try:
        import cv2  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        pass
    else:
        cv2.setNumThreads(opencv_num_threads)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        if distributed and variable not in os.environ:
            print_log(
                f"{variable} is set to 1, so that {variable[:3]} in several processes does not overload the machine"
            )
            os.environ[variable] = "1"


def shared_timestamp() -> str:
    """The time of the start, the same in all processes: YYYYMMDD_HHMMSS."""
    now = torch.tensor(time.time(), dtype=torch.float64)
    broadcast(now)
    return time.strftime("%Y%m%d_%H%M%S", time.localtime(now.item()))


def collect_env() -> dict[str, str | bool]:
    """Versions, devices and the state of numpy's generator, for the head of the log."""
    return {
        "OpenCV": "not installed",
        **environment.collect_env(),
        "numpy_random_seed": str(np.random.get_state()[1][0]),  # type: ignore[index]
        "MUSA available": is_musa_available(),
        "MMEngine": MMENGINE_VERSION,
    }


def describe_environment(settings: dict[str, Any]) -> str:
    """The paragraph about the machine and the run's settings."""
    rule = "-" * 60
    machine = "".join(f"\n    {key}: {value}" for key, value in collect_env().items())
    run = "".join(f"\n    {key}: {value}" for key, value in settings.items())
    return f"\n{rule}\nSystem environment:{machine}\n\nRuntime environment:{run}\n{rule}\n"
