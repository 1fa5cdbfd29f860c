"""Where and when a run takes place, and the seeds it starts from."""

from __future__ import annotations

import os
import random
import time
import warnings
from getpass import getuser
from socket import gethostname

import numpy as np
import torch

from mmmigrate.runtime_v2.dist import get_dist_info


def get_host_info() -> str:
    """`user@host`, or an empty string with a warning where there is no such thing (as in some containers)."""
    try:
        return f"{getuser()}@{gethostname()}"
    except (OSError, KeyError, ImportError) as error:
        warnings.warn(f"host or user not found: {error}", stacklevel=2)
        return ""


def get_time_str() -> str:
    """The local time as `YYYYmmdd_HHMMSS`."""
    return time.strftime("%Y%m%d_%H%M%S", time.localtime())


def set_random_seed(seed: int, deterministic: bool = False, use_rank_shift: bool = False) -> None:
    """Seed Python, NumPy and torch; `deterministic` also fixes cuDNN's choice, `use_rank_shift` adds the rank."""
    if use_rank_shift:
        rank, _ = get_dist_info()
        seed += rank
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    os.environ["PYTHONHASHSEED"] = str(seed)
    if deterministic:
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
