"""What a training ran on, for the head of its log."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import metadata

import torch


def collect_env() -> dict[str, str | bool]:
    """Platform, Python, GPUs, compiler, PyTorch and the packages that decide numbers, by name."""
    found: dict[str, str | bool] = {
        "sys.platform": sys.platform,
        "Python": sys.version.replace("\n", ""),
        "CUDA available": torch.cuda.is_available(),
    }
    devices: dict[str, list[str]] = {}
    for index in range(torch.cuda.device_count()):
        devices.setdefault(torch.cuda.get_device_name(index), []).append(str(index))
    found.update({f"GPU {','.join(numbers)}": name for name, numbers in devices.items()})
    found["GCC"] = _first_line("gcc", "--version")
    found["PyTorch"] = torch.__version__
    found["PyTorch compiling details"] = torch.__config__.show()
    for title, packages in {
        "TorchVision": ["torchvision"],
        "OpenCV": ["opencv-python", "opencv-python-headless"],
    }.items():
        version = next(filter(None, map(_version, packages)), None)
        if version is not None:
            found[title] = version
    found["mmmigrate"] = _version("mmmigrate") or "unknown"
    return found


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _first_line(program: str, *arguments: str) -> str:
    path = shutil.which(program)
    if path is None:
        return "n/a"
    done = subprocess.run([path, *arguments], capture_output=True, text=True)
    return done.stdout.partition("\n")[0] or "n/a"
