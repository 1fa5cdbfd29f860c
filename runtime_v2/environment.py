"""What `mmcv.utils` tells of the machine, and its names for torch's builders of extensions."""

from __future__ import annotations

from typing import Any

import torch

from mmmigrate.compat import environment

EXTENSION_NAMES = ("BuildExtension", "CppExtension", "CUDAExtension")


def collect_env() -> dict[str, str | bool]:
    """Platform, Python, GPUs, compiler, PyTorch and the packages that decide numbers, by mmcv's names for them."""
    found = environment.collect_env()
    found.setdefault("TorchVision", "not installed")
    found.setdefault("OpenCV", "not installed")
    compiled = "n/a: nothing is compiled here"
    return {**found, "MMCV": "1.7.2, answered by mmmigrate", "MMCV Compiler": compiled, "MMCV CUDA Compiler": compiled}


def get_device() -> str:
    """The kind of device that training runs on: "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if is_mps_available() else "cpu"


def is_cuda_available() -> bool:
    """Whether torch can use a GPU of NVIDIA's or AMD's."""
    return torch.cuda.is_available()


def is_mps_available() -> bool:
    """Whether torch can use Apple's GPUs."""
    return torch.backends.mps.is_available()


def is_ipu_available() -> bool:
    """Never: Graphcore's devices are not supported here."""
    return False


def is_mlu_available() -> bool:
    """Never: Cambricon's devices are not supported here."""
    return False


def is_npu_available() -> bool:
    """Never: Ascend's devices are not supported here."""
    return False


def check_ops_exist() -> bool:
    """Never: mmcv's compiled operators are not part of this."""
    return False


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
