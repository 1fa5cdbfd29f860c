"""Packages: whether they are installed, where, and installing them."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

from mmmigrate.compat import aliases
from mmmigrate.compat.packages import PACKAGE_OF_MODULE, package_folder

__all__ = ["call_command", "get_installed_path", "install_package", "is_installed", "package2module"]


def is_installed(package: str) -> bool:
    """Whether a distribution or module of that name is installed."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return find_spec(package) is not None
    return True


def get_installed_path(package: str) -> str:
    """The folder of an installed package, given by its own name ("mmsegmentation") or its module's ("mmseg").

    What an alias answers for lies in the runtime. Raises ModuleNotFoundError.
    """
    if package in aliases.installed():
        return str(Path(str(import_module(package).__file__)).parent)
    modules = {name: module for module, name in PACKAGE_OF_MODULE.items()}
    return str(package_folder(modules.get(package, package)))


def package2module(package: str) -> str:
    """The module of a distribution: "mmdet" of "mmdet". Raises ValueError if it tells none."""
    top_level = metadata.distribution(package).read_text("top_level.txt") or ""
    if not top_level.strip():
        raise ValueError(f"can not infer the module name of {package}")
    return top_level.split("\n")[0]


def call_command(cmd: list[str]) -> None:
    """Runs a program. Raises subprocess.CalledProcessError if it fails."""
    subprocess.run(cmd, check=True)


def install_package(package: str) -> None:
    """Installs a package with pip, unless it is installed."""
    if not is_installed(package):
        call_command([sys.executable, "-m", "pip", "install", package])
