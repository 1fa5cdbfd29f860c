"""The device of this process."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch


@cache
def is_cuda_available() -> bool:
    return torch.cuda.is_available()


def is_npu_available() -> bool:
    return _backend("npu")


def is_mlu_available() -> bool:
    return _backend("mlu")


def is_musa_available() -> bool:
    return _backend("musa")


def is_mps_available() -> bool:
    return torch.backends.mps.is_available()


def is_dipu_available() -> bool:
    return _backend("dipu")


def is_npu_support_full_precision() -> bool:
    """Whether an Ascend NPU computes in float32: models from 910B1 on do."""
    if not is_npu_available():
        return False
    version: int = torch.npu.utils.get_soc_version()  # type: ignore[attr-defined]
    return version >= 220


def get_max_musa_memory(device: torch.device | None = None) -> int:
    """As `get_max_cuda_memory`, for Moore Threads GPUs."""
    musa: Any = torch.musa  # type: ignore[attr-defined]
    most = musa.max_memory_allocated(device=device)
    musa.reset_peak_memory_stats()
    return int(most) // (1024 * 1024)


def _backend(name: str) -> bool:
    module = getattr(torch, name, None)
    return bool(module is not None and module.is_available())


def get_device() -> str:
    """`'cuda'`, another accelerator that torch sees, or `'cpu'`."""
    if is_cuda_available():
        return "cuda"
    for name in ("npu", "mlu", "musa"):
        if _backend(name):
            return name
    return "mps" if is_mps_available() else "cpu"


def get_max_cuda_memory(device: torch.device | None = None) -> int:
    """The most memory held by tensors since the last call, in MiB."""
    most = torch.cuda.max_memory_allocated(device=device)
    torch.cuda.reset_peak_memory_stats()
    return int(most) // (1024 * 1024)


def __getattr__(name: str) -> Any:
    # mmengine sets these at import, by asking every accelerator: here they are told when they are asked for.
    if name == "DEVICE":
        return get_device()
    if name.startswith("IS_") and name.endswith("_AVAILABLE"):
        return globals()[f"{name.lower()}"]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
