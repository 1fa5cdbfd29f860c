"""Which process on which machine this is, for the names of log files."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from typing import Any

from mmmigrate.compat.dist import get_dist_info


def get_rank() -> int:
    return get_dist_info()[0]


def get_world_size() -> int:
    return get_dist_info()[1]


def get_device_id() -> int | str:
    """The number of this process's GPU on the machine, or its name if it is a part of one; without GPUs the local rank.

    `LOCAL_RANK` counts the devices in `CUDA_VISIBLE_DEVICES`.
    """
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    torch: Any = sys.modules.get("torch")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if torch is None or visible is None or not torch.cuda.is_available():
        return local_rank
    device = visible.split(",")[local_rank]
    return int(device) if device.isdigit() else device


def get_host_info() -> str:
    """`user@host`; empty where the system knows no user."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError, ImportError):
        return ""


def file_name_of_process(stem: str, suffix: str) -> str:
    """The name of the log file of one of several processes."""
    parts = [stem, get_host_info(), f"device{get_device_id()}", f"rank{get_rank()}"]
    return "_".join(part for part in parts if part) + suffix
