"""Checkpoints by a name instead of a place: `torchvision://resnet50`, `open-mmlab://…`."""

from __future__ import annotations

import io
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v3 import storage
from mmmigrate.runtime_v3.runner.checkpoint import CheckpointLoader, load_from_http
from mmmigrate.runtime_v3.runner.safe_load import load_safely

ENV_MMENGINE_HOME = "MMENGINE_HOME"
ENV_XDG_CACHE_HOME = "XDG_CACHE_HOME"
DEFAULT_CACHE_DIR = "~/.cache"


def _get_mmengine_home() -> str:
    """The folder where a user keeps `open_mmlab.json`; made if it is missing."""
    cache = os.environ.get(ENV_XDG_CACHE_HOME, DEFAULT_CACHE_DIR)
    home = Path(os.environ.get(ENV_MMENGINE_HOME, str(Path(cache) / "mmengine"))).expanduser()
    home.mkdir(parents=True, exist_ok=True)
    return str(home)


def get_torchvision_models() -> dict[str, str]:
    """The URLs of torchvision's weights, by `model` (its first weights) and `model.weights`, in lower case."""
    try:
        models: Any = import_module("torchvision.models")
    except ImportError as error:
        raise ImportError("torchvision:// names weights of torchvision: pip install torchvision") from error
    urls: dict[str, str] = {}
    for model in models.list_models():
        for weights in models.get_model_weights(model):
            urls.setdefault(model, weights.url)
            urls[f"{model}.{weights.name.lower()}"] = weights.url
    return urls


def get_external_models() -> dict[str, str]:
    """The URLs or paths in `open_mmlab.json` of the user's folder, by name; none if there is no such file."""
    table = Path(_get_mmengine_home()) / "open_mmlab.json"
    found: dict[str, str] = json.loads(table.read_text()) if table.is_file() else {}
    return found


get_mmcls_models = get_external_models


def get_deprecated_model_names() -> dict[str, str]:
    """Old names and the new ones; there are none here."""
    return {}


def _from_table(name: str, urls: dict[str, str], table: str, map_location: Any) -> Any:
    if name not in urls:
        raise FileNotFoundError(f"{name} is not in {table}{did_you_mean(name, urls)}: give the URL or path itself")
    place = urls[name]
    if place.startswith(("http://", "https://")):
        return load_from_http(place, map_location)
    path = Path(place) if Path(place).is_absolute() else Path(_get_mmengine_home()) / place
    return load_safely(path, map_location)


def _after_scheme(filename: str) -> str:
    return filename.partition("://")[2]


def load_from_torchvision(filename: str, map_location: Any = None) -> Any:
    return _from_table(_after_scheme(filename), get_torchvision_models(), "torchvision.models", map_location)


def load_from_openmmlab(filename: str, map_location: Any = None) -> Any:
    """By the table in the user's folder: the tables that mmengine carries are not part of this runtime."""
    table = str(Path(_get_mmengine_home()) / "open_mmlab.json")
    return _from_table(_after_scheme(filename), get_external_models(), table, map_location)


def load_from_mmcls(filename: str, map_location: Any = None) -> Any:
    return load_from_openmmlab(filename, map_location)


def load_from_pavi(filename: str, map_location: Any = None) -> Any:
    raise ImportError(f"{filename}: pavi:// is a store inside one company: copy the file and give its path")


def load_from_ceph(filename: str, map_location: Any = None, backend: str = "petrel") -> Any:
    """From an object store, through fsspec. A cluster's name before the scheme is left out."""
    url = f"s3://{_after_scheme(filename)}"
    return load_safely(io.BytesIO(storage.read_bytes(url)), map_location)


CheckpointLoader.register_scheme(("modelzoo://", "torchvision://"), load_from_torchvision)
CheckpointLoader.register_scheme(("open-mmlab://", "openmmlab://"), load_from_openmmlab)
CheckpointLoader.register_scheme("mmcls://", load_from_mmcls)
CheckpointLoader.register_scheme("pavi://", load_from_pavi)
CheckpointLoader.register_scheme((r"(\S+\:)?s3://", r"(\S+\:)?petrel://"), load_from_ceph)
