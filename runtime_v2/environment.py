"""What `mmcv.utils` tells of the machine, and its names for torch's builders of extensions."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat import environment

EXTENSION_NAMES = ("BuildExtension", "CppExtension", "CUDAExtension")


def collect_env() -> dict[str, str | bool]:
    """Platform, Python, GPUs, compiler, PyTorch and the packages that decide numbers, by mmcv's names for them."""
    found = environment.collect_env()
    found.setdefault("TorchVision", "not installed")
    found.setdefault("OpenCV", "not installed")
    compiled = "n/a: nothing is compiled here"
    return {**found, "MMCV": "1.7.2, answered by mmmigrate", "MMCV Compiler": compiled, "MMCV CUDA Compiler": compiled}


def _get_cuda_home() -> str | None:
    """Where the CUDA toolkit is, as torch finds it."""
    from torch.utils.cpp_extension import CUDA_HOME

    return CUDA_HOME


def __getattr__(name: str) -> Any:
    # torch's module needs setuptools and takes a while to import, so that is done only for who builds something
    if name in EXTENSION_NAMES:
        from torch.utils import cpp_extension

        return getattr(cpp_extension, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
