"""Published weights by name: open-mmlab://, mmcls:// and torchvision:// URIs, and those of storage services."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import warnings
from collections import OrderedDict
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import yaml

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v2.checkpoint.loading import CheckpointLoader, MapLocation, load_from_http, load_safely
from mmmigrate.runtime_v2.fileio import FileClient

ENV_MMCV_HOME = "MMCV_HOME"
ENV_XDG_CACHE_HOME = "XDG_CACHE_HOME"
DEFAULT_CACHE_DIR = "~/.cache"


def _get_mmcv_home() -> str:
    """Where named weights and a table of further names lie: MMCV_HOME, or mmcv in the cache folder."""
    cache_folder = os.environ.get(ENV_XDG_CACHE_HOME, DEFAULT_CACHE_DIR)
    home = os.environ.get(ENV_MMCV_HOME) or str(Path(cache_folder) / "mmcv")
    home = os.path.expanduser(home)  # noqa: PTH111 (a trailing slash stays)
    Path(home).mkdir(parents=True, exist_ok=True)
    return home


@cache
def _published() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("model_zoo.yaml").read_text(encoding="utf-8"))
    return found


def _table(name: str) -> dict[str, str]:
    """URLs by model name. A `model_zoo` folder in an mmcv that is imported, as forks of it have, comes first."""
    for folder in getattr(sys.modules.get("mmcv"), "__path__", ()):
        own = Path(folder) / "model_zoo" / f"{name}.json"
        if own.is_file():
            return dict(json.loads(own.read_text(encoding="utf-8")))
    entry = _published()[name]
    if name == "deprecated":
        return dict(entry)
    return {model: entry["base"] + path for model, path in entry["models"].items()}


def get_external_models() -> dict[str, str]:
    """The names of open-mmlab://, with those in `open_mmlab.json` of MMCV_HOME."""
    own = Path(_get_mmcv_home()) / "open_mmlab.json"
    return {**_table("open_mmlab"), **(json.loads(own.read_text(encoding="utf-8")) if own.is_file() else {})}


def get_mmcls_models() -> dict[str, str]:
    """The names of mmcls://."""
    return _table("mmcls")


def get_torchvision_models() -> dict[str, str]:
    """The names of torchvision://; those of the installed torchvision's own weights ("resnet50.imagenet1k_v2") too."""
    urls = _table("torchvision")
    models: Any = sys.modules.get("torchvision.models")
    try:
        models = models or import_module("torchvision.models")
    except ImportError:
        return urls
    for name, weights in vars(models).items():
        if name.endswith("_Weights") and hasattr(weights, "DEFAULT"):
            model = name.removesuffix("_Weights").lower()
            urls[f"{model}.default"] = weights.DEFAULT.url
            urls.update({f"{model}.{weight.name.lower()}": weight.url for weight in weights})
    return urls


def get_deprecated_model_names() -> dict[str, str]:
    """New names of open-mmlab:// by the old ones."""
    return _table("deprecated")


def _url(name: str, urls: dict[str, str], scheme: str) -> str:
    if name not in urls:
        raise KeyError(f"{scheme} knows no weights called {name!r}{did_you_mean(name, urls)}")
    return urls[name]


@CheckpointLoader.register_scheme(("modelzoo://", "torchvision://"))  # type: ignore[untyped-decorator]
def load_from_torchvision(filename: str, map_location: MapLocation = None) -> Any:
    """The weights that torchvision publishes under a name, such as torchvision://resnet50."""
    scheme, _, name = filename.partition("://")
    if scheme == "modelzoo":
        message = 'The URL scheme of "modelzoo://" is deprecated, please use "torchvision://" instead'
        warnings.warn(message, DeprecationWarning, stacklevel=2)
    name = name.lower().replace("_weights", "")
    return load_from_http(_url(name, get_torchvision_models(), "torchvision://"), map_location=map_location)


@CheckpointLoader.register_scheme(("open-mmlab://", "openmmlab://"))  # type: ignore[untyped-decorator]
def load_from_openmmlab(filename: str, map_location: MapLocation = None) -> Any:
    """The weights that OpenMMLab publishes under a name, or a file in MMCV_HOME that a table there names."""
    scheme, _, name = filename.partition("://")
    newer = get_deprecated_model_names().get(name)
    if newer is not None:
        message = f"{scheme}://{name} is deprecated in favor of {scheme}://{newer}"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        name = newer
    place = _url(name, get_external_models(), f"{scheme}://")
    if place.startswith(("http://", "https://")):
        return load_from_http(place, map_location=map_location)
    path = Path(_get_mmcv_home()) / place
    if not path.is_file():
        raise FileNotFoundError(f"{path} can not be found.")
    return load_safely(path, map_location)


@CheckpointLoader.register_scheme("mmcls://")  # type: ignore[untyped-decorator]
def load_from_mmcls(filename: str, map_location: MapLocation = None) -> Any:
    """The backbone of a classifier that mmcls publishes under a name."""
    url = _url(filename.removeprefix("mmcls://"), get_mmcls_models(), "mmcls://")
    return _process_mmcls_checkpoint(load_from_http(url, map_location=map_location))


def _process_mmcls_checkpoint(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Only the weights of the backbone, under the names that it has by itself."""
    weights = checkpoint.get("state_dict", checkpoint)
    start = "backbone."
    backbone = OrderedDict((name[len(start) :], value) for name, value in weights.items() if name.startswith(start))
    return {"state_dict": backbone}


@CheckpointLoader.register_scheme("pavi://")  # type: ignore[untyped-decorator]
def load_from_pavi(filename: str, map_location: MapLocation = None) -> Any:
    """The checkpoint of a model in Pavi's cloud; needs the package pavi."""
    if not filename.startswith("pavi://"):
        raise ArgumentValueError(f"a path of Pavi's cloud begins with pavi://, got {filename!r}")
    modelcloud = import_module("pavi").modelcloud
    model = modelcloud.get(filename.removeprefix("pavi://"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / model.name
        model.download(str(path))
        return load_safely(path, map_location)


@CheckpointLoader.register_scheme(r"(\S+\:)?s3://")  # type: ignore[untyped-decorator]
def load_from_ceph(filename: str, map_location: MapLocation = None, backend: str = "petrel") -> Any:
    """The checkpoint behind an s3:// URL, through the backend 'petrel' or 'ceph'."""
    if backend not in ("ceph", "petrel"):
        raise ValueError(f"Load from Backend {backend} is not supported.")
    if backend == "ceph":
        message = "CephBackend will be deprecated, please use PetrelBackend instead"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
    try:
        client = FileClient(backend=backend)
    except ImportError:
        client = FileClient(backend="petrel")
    return torch.load(io.BytesIO(client.get(filename)), map_location=map_location, weights_only=True)
