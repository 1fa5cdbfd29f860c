"""What a v2 config sets for the whole process before anything is built."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch

from mmmigrate.runtime_v2.config import Config


def set_up_process(cfg: Mapping[str, Any] | Config) -> None:
    """Apply `cudnn_benchmark`, `mp_start_method` and `opencv_num_threads`, where the config has them."""
    if cfg.get("cudnn_benchmark", False):
        torch.backends.cudnn.benchmark = True
    if cfg.get("mp_start_method") is not None:
        torch.multiprocessing.set_start_method(cfg["mp_start_method"], force=True)
    if cfg.get("opencv_num_threads") is not None:
        with suppress(ImportError):
            importlib.import_module("cv2").setNumThreads(cfg["opencv_num_threads"])
