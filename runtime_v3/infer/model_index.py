"""The models that a codebase publishes: its `model-index.yml` and the metafiles that this lists."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mmmigrate.compat.packages import PACKAGE_OF_MODULE
from mmmigrate.runtime_v3.fileio import load


def folder_of_configs(scope: str) -> str:
    """The folder that has the `configs` of a package: its repository, or `.mim` inside an installed one."""
    try:
        package = Path(next(iter(import_module(scope).__path__)))
    except ImportError as error:
        if scope not in PACKAGE_OF_MODULE:
            raise KeyError(
                f"{scope} is not a valid scope. The available scopes are {list(PACKAGE_OF_MODULE)}"
            ) from error
        project = PACKAGE_OF_MODULE[scope]
        raise ImportError(f"Cannot import {scope}: install it with pip install {project}") from error
    for folder in (package.parent, package / ".mim"):
        if (folder / "configs").is_dir():
            return str(folder)
    raise FileNotFoundError(f"Cannot find a folder `configs` beside or in {package}")


def published_models(folder: str) -> Iterator[dict[str, Any]]:
    """The entries of all metafiles: dicts with `Name`, `Config`, and mostly `Weights` and `Alias`."""
    for metafile in load(str(Path(folder) / "model-index.yml"))["Import"]:
        yield from load(str(Path(folder) / metafile))["Models"]


def names_of(entry: dict[str, Any]) -> list[str]:
    """The name of a published model and its aliases."""
    aliases = entry.get("Alias") or []
    return [entry["Name"], *([aliases] if isinstance(aliases, str) else aliases)]


def weights_of(entry: dict[str, Any]) -> str | None:
    """Where its checkpoint is."""
    weights: Any = entry.get("Weights")
    first: str | None = weights[0] if isinstance(weights, list) else weights
    return first
