"""Configs and models that other codebases publish, by `package::path`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.compat.packages import package_folder
from mmmigrate.runtime_v3.config import Config
from mmmigrate.runtime_v3.infer import model_index
from mmmigrate.runtime_v3.registry import MODELS, DefaultScope
from mmmigrate.runtime_v3.runner.checkpoint import load_checkpoint


def get_config(cfg_path: str, pretrained: bool = False) -> Config:
    """The config `package::folder/file.py` of an installed package.

    With `pretrained`, its `model_path` says where the published weights are; MissingKeyError if there are none.
    """
    package, separator, file = cfg_path.partition("::")
    if not separator:
        raise ValueError(f"`cfg_path` should be written package::folder/file.py, got {cfg_path!r}")
    folder = package_folder(package) / ".mim"
    relative = file if Path(file).suffix else f"{file}.py"
    cfg = Config.fromfile(str(folder / "configs" / relative))
    if pretrained:
        weights = _weights(folder, f"configs/{relative}")
        if weights is None:
            raise MissingKeyError(f"{package} publishes no `Weights` for {relative}")
        cfg.model_path = weights
    return cfg


def get_model(cfg_path: str, pretrained: bool = False, **kwargs: Any) -> Any:
    """The model of such a config, `kwargs` being defaults of its arguments; with `pretrained` with its weights."""
    package = cfg_path.partition("::")[0]
    with DefaultScope.overwrite_default_scope(package):
        cfg = get_config(cfg_path, pretrained)
        if "data_preprocessor" in cfg:
            cfg.model.data_preprocessor = cfg.data_preprocessor
        import_module(f"{package}.utils").register_all_modules()
        model = MODELS.build(cfg.model, default_args=kwargs)
        if pretrained:
            load_checkpoint(model, cfg.model_path)
            model._is_init = True  # or the runner would initialize it again
        return model


def _weights(folder: Path, config: str) -> str | None:
    for entry in model_index.published_models(str(folder)):
        if entry.get("Config") == config:
            return model_index.weights_of(entry)
    return None
