"""Configs that other packages installed, by `package::path`: what mmengine.config.utils offers to tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.compat.packages import PACKAGE_OF_MODULE
from mmmigrate.runtime_v3.config.errors import ConfigParsingError
from mmmigrate.runtime_v3.config.python_config import _is_eager
from mmmigrate.runtime_v3.fileio import load

MODULE2PACKAGE = dict(PACKAGE_OF_MODULE)
PKG2PROJECT = MODULE2PACKAGE

__all__ = ["MODULE2PACKAGE", "PKG2PROJECT", "ConfigParsingError"]


def _get_package_and_cfg_path(cfg_path: str) -> tuple[str, str]:
    """`(distribution, path below its configs)` of `package::path`."""
    package, separator, path = cfg_path.partition("::")
    if not separator or not path or "::" in path:
        raise ValueError(
            "`_get_package_and_cfg_path` reads names such as mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py, got "
            f"{cfg_path!r}"
        )
    if package not in MODULE2PACKAGE:
        raise MissingKeyError(f"mmengine does not support to load {package} config: it knows {list(MODULE2PACKAGE)}")
    return MODULE2PACKAGE[package], path


def _get_external_cfg_base_path(package_path: str, cfg_name: str) -> str:
    """The path of a config below the configs of an installed package."""
    path = Path(package_path) / ".mim" / "configs" / cfg_name
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    return str(path)


def _get_external_cfg_path(package_path: str, cfg_file: str) -> str:
    path = Path(package_path) / ".mim" / "configs" / cfg_file
    if not path.is_file():
        raise ValueError(f"Cannot find config {cfg_file} in {package_path}")
    return str(path)


def _get_cfg_metainfo(package_path: str, cfg_path: str) -> dict[str, Any]:
    """The entry of a published model by the path of its config."""
    folder = Path(package_path) / ".mim"
    for metafile in load(str(folder / "model-index.yml"))["Import"]:
        for entry in load(str(folder / metafile))["Models"]:
            if cfg_path in str(entry["Config"]):
                found: dict[str, Any] = entry
                return found
    raise ValueError(f"Expected config path: {cfg_path} is not in the metafiles of {package_path}")


def _is_builtin_module(module_name: str) -> bool:
    """Whether an import in a pure-Python config is done at once, not lazily."""
    return _is_eager(module_name)
