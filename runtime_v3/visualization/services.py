"""Backends of experiment-tracking services: each hands the same values to one package, installed separately."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.registry import VISBACKENDS
from mmmigrate.runtime_v3.visualization.vis_backend import BaseVisBackend, force_init_env

Suffix = str | tuple[str, ...]


class ServiceBackend(BaseVisBackend):
    """What the services have in common: a scalar is a number under a name, and `_track` sends one.

    `init_kwargs` go to the service's own function that begins a run. `_attribute` is another name of what `experiment`
    gives.
    """

    _attribute = ""

    def __init__(self, save_dir: str | None = None, init_kwargs: dict[str, Any] | None = None) -> None:
        super().__init__(save_dir)  # type: ignore[arg-type]
        self._init_kwargs = dict(init_kwargs or {})
        self._run: Any = None

    def __getattr__(self, name: str) -> Any:
        # Projects' own backends reach the service through the attribute of its name.
        if name == self._attribute:
            return self._run
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _service(self, module: str) -> Any:
        """The service's module; an ImportError that says what to install."""
        package = module.partition(".")[0]
        try:
            return import_module(module)
        except ImportError as error:
            raise ImportError(f"{type(self).__name__} needs {package}: pip install 'mmmigrate[{package}]'") from error

    @property
    @force_init_env
    def experiment(self) -> Any:
        return self._run

    def _track(self, name: str, value: float, step: int) -> None:
        raise TypeError(f"{type(self).__name__} must define _track(name, value, step)")

    @force_init_env
    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        """Sends one number; what is not one (a text, a list) has no curve and is left out."""
        for known, number in as_numbers({name: value}).items():
            self._track(known, number, step)

    @force_init_env
    def add_scalars(
        self, scalar_dict: dict[str, Any], step: int = 0, file_path: str | None = None, **kwargs: Any
    ) -> None:
        if "step" in scalar_dict:
            raise ArgumentValueError("scalar_dict must not contain 'step': pass step=")
        for name, number in as_numbers(scalar_dict).items():
            self._track(name, number, step)


@VISBACKENDS.register_module()
class WandbVisBackend(ServiceBackend):
    """Weights & Biases. Its own steps count the records; the run's step is not sent.

    - `define_metric_cfg`: `{metric: summary}`, or a list of the arguments of `wandb.define_metric`.
    - `commit`: whether a record closes its step. `log_code_name`: the name of the saved code.
    - `watch_kwargs`: the arguments of `wandb.watch`.
    """

    _attribute = "_wandb"

    def __init__(
        self,
        save_dir: str,
        init_kwargs: dict[str, Any] | None = None,
        define_metric_cfg: dict[str, str] | list[dict[str, Any]] | None = None,
        commit: bool | None = True,
        log_code_name: str | None = None,
        watch_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir, init_kwargs)
        if not isinstance(define_metric_cfg, (dict, list, type(None))):
            raise ValueError(f"define_metric_cfg must be a dict or a list of dicts, got {define_metric_cfg!r}")
        self._define_metric_cfg = define_metric_cfg or []
        self._commit = commit
        self._log_code_name = log_code_name
        self._watch_kwargs = watch_kwargs or {}

    def _init_env(self) -> None:
        Path(self._save_dir).mkdir(parents=True, exist_ok=True)
        self._run = self._service("wandb")
        self._run.init(**{"dir": self._save_dir, **self._init_kwargs})
        metrics = self._define_metric_cfg
        if isinstance(metrics, dict):
            metrics = [{"name": name, "summary": summary} for name, summary in metrics.items()]
        for metric in metrics:
            self._run.define_metric(**metric)

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._run.config.update(config.to_dict(), allow_val_change=self._init_kwargs.get("allow_val_change", False))
        self._run.run.log_code(name=self._log_code_name)

    @force_init_env
    def add_graph(self, model: torch.nn.Module, data_batch: Any, **kwargs: Any) -> None:
        self._run.watch(model, **self._watch_kwargs)

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        self._run.log({name: self._run.Image(image)}, commit=self._commit)

    @force_init_env
    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        self._run.log({name: value}, commit=self._commit)

    @force_init_env
    def add_scalars(
        self, scalar_dict: dict[str, Any], step: int = 0, file_path: str | None = None, **kwargs: Any
    ) -> None:
        self._run.log(scalar_dict, commit=self._commit)

    def close(self) -> None:
        if self._run is not None:
            self._run.finish()


@VISBACKENDS.register_module()
class MLflowVisBackend(ServiceBackend):
    """MLflow, in files under `save_dir` unless `tracking_uri` names a server.

    The config's values become parameters (those of `tracked_config_keys`, or all); at the end the files of the
    work folder that end in `artifact_suffix` become artifacts.
    """

    _attribute = "_mlflow"

    def __init__(
        self,
        save_dir: str,
        exp_name: str | None = None,
        run_name: str | None = None,
        tags: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        tracking_uri: str | None = None,
        artifact_suffix: Suffix = (".json", ".log", ".py", "yaml"),
        tracked_config_keys: Any = None,
        artifact_location: str | None = None,
    ) -> None:
        super().__init__(save_dir)
        self._exp_name = exp_name or "Default"
        self._run_name, self._tags, self._params = run_name, tags, params
        self._tracking_uri = tracking_uri
        self._artifact_suffix = artifact_suffix
        self._tracked_config_keys = tracked_config_keys
        self._artifact_location = artifact_location
        self._work_dir: str | None = None

    def _init_env(self) -> None:
        Path(self._save_dir).mkdir(parents=True, exist_ok=True)
        if self._tracking_uri is None:
            # MLflow 3 refuses to write files unless this says that they are wanted.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self._run = self._service("mlflow")
        self._run.set_tracking_uri(self._tracking_uri or Path(self._save_dir).absolute().as_uri())
        if self._run.get_experiment_by_name(self._exp_name) is None:
            self._run.create_experiment(self._exp_name, artifact_location=self._artifact_location)
        self._run.set_experiment(self._exp_name)
        if self._run_name is not None:
            self._run.set_tag("mlflow.runName", self._run_name)
        if self._tags is not None:
            self._run.set_tags(self._tags)
        if self._params is not None:
            self._run.log_params(self._params)

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._work_dir = config.get("work_dir")
        values = config.to_dict()
        if self._tracked_config_keys is not None:
            values = {key: values[key] for key in self._tracked_config_keys}
        self._run.log_params(dict(flattened(values)))
        self._run.log_text(config.pretty_text, "config.py")

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        # MLflow takes the kind of file from the name.
        self._run.log_image(image, name if Path(name).suffix else f"{name}_{step}.png")

    def _track(self, name: str, value: float, step: int) -> None:
        self._run.log_metric(name, value, step)

    def close(self) -> None:
        if self._run is None:
            return
        for path in files_ending(self._work_dir, self._artifact_suffix):
            folder = path.parent.relative_to(self._work_dir or ".").as_posix()
            self._run.log_artifact(str(path), "" if folder == "." else folder)
        self._run.end_run()


@VISBACKENDS.register_module()
class ClearMLVisBackend(ServiceBackend):
    """ClearML. At the end the files in the work folder that end in `artifact_suffix` are uploaded."""

    _attribute = "_clearml"

    def __init__(
        self,
        save_dir: str | None = None,
        init_kwargs: dict[str, Any] | None = None,
        artifact_suffix: Suffix = (".py", ".pth"),
    ) -> None:
        super().__init__(save_dir, init_kwargs)
        self._artifact_suffix = artifact_suffix
        self._work_dir: str | None = None

    def _init_env(self) -> None:
        self._run = self._service("clearml")
        self._task = self._run.Task.init(**self._init_kwargs)
        self._logger = self._task.get_logger()

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._work_dir = config.get("work_dir")
        self._task.connect_configuration(config.to_dict())

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        self._logger.report_image(title=name, series=name, iteration=step, image=image)

    def _track(self, name: str, value: float, step: int) -> None:
        self._logger.report_scalar(title=name, series=name, value=value, iteration=step)

    def close(self) -> None:
        if self._run is None:
            return
        for path in files_ending(self._work_dir, self._artifact_suffix, recursive=False):
            self._task.upload_artifact(path.name, str(path))
        self._task.close()


@VISBACKENDS.register_module()
class NeptuneVisBackend(ServiceBackend):
    """Neptune, offline unless `init_kwargs` say otherwise."""

    _attribute = "_neptune"

    def _init_env(self) -> None:
        self._run = self._service("neptune").init_run(**(self._init_kwargs or {"mode": "offline"}))

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._run["config"].upload(self._service("neptune.types").File.from_content(config.pretty_text))

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        # Neptune wants channels from 0 to 1.
        file = self._service("neptune.types").File.as_image(image.astype(np.float32) / 255.0)
        self._run["images"].append(file, name=name, step=step)

    def _track(self, name: str, value: float, step: int) -> None:
        self._run[name].append(value, step=step)

    def close(self) -> None:
        if self._run is not None:
            self._run.stop()


@VISBACKENDS.register_module()
class DVCLiveVisBackend(ServiceBackend):
    """DVCLive. Outside of a Git repository, where DVC has no experiments, only files are written."""

    _attribute = "_dvclive"

    def __init__(
        self,
        save_dir: str,
        artifact_suffix: Suffix = (".json", ".py", "yaml"),
        init_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir, init_kwargs)
        self._artifact_suffix = artifact_suffix

    def _init_env(self) -> None:
        here = Path.cwd()
        in_git = any((folder / ".git").exists() for folder in (here, *here.parents))
        own = {"dir": self._save_dir, "save_dvc_exp": in_git, "cache_images": in_git}
        self._run = self._service("dvclive").Live(**{**own, **self._init_kwargs})

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._run.log_params(_plain(config.to_dict()))

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        if image.dtype != np.uint8:
            raise TypeError(f"an image is an array of uint8, got {image.dtype}")
        self._run.log_image(f"{name}.png", image)

    def _track(self, name: str, value: float, step: int) -> None:
        self._run.step = step
        self._run.log_metric(name, value)

    def close(self) -> None:
        if self._run is None:
            return
        for path in files_ending(self._save_dir, self._artifact_suffix):
            folder = path.parent.relative_to(self._save_dir).as_posix()
            self._run.log_artifact(str(path), "" if folder == "." else folder)
        self._run.end()


@VISBACKENDS.register_module()
class AimVisBackend(ServiceBackend):
    """Aim. The experiment is named after the last two folders of `save_dir`, or after the time."""

    _attribute = "_aim_run"

    def _init_env(self) -> None:
        named = "_".join(Path(self._save_dir).parts[-2:]) if self._save_dir else time.strftime("%Y%m%d_%H%M%S")
        self._run = self._service("aim").Run(**{"experiment": named, **self._init_kwargs})

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._run["hparams"] = config.to_dict() if hasattr(config, "to_dict") else config

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        self._run.track(name=name, value=self._service("aim").Image(image), step=step)

    def _track(self, name: str, value: float, step: int) -> None:
        self._run.track(name=name, value=value, step=step)

    def close(self) -> None:
        if self._run is not None:
            self._run.close()


def as_numbers(scalars: Mapping[str, Any]) -> dict[str, float]:
    """Those entries that are one number, as Python numbers.

    >>> as_numbers({"loss": np.float32(0.5), "name": "a", "both": torch.ones(2), "acc": torch.ones(1)})
    {'loss': 0.5, 'acc': 1.0}
    """
    found: dict[str, float] = {}
    for name, value in scalars.items():
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().numpy()
        if isinstance(value, np.ndarray | np.generic) and value.size == 1:
            value = value.item()
        if isinstance(value, int | float):
            found[name] = value
    return found


def flattened(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The entries of nested dicts, and of lists that hold dicts, under dotted names.

    >>> dict(flattened({"a": {"b": [1, 2]}, "c": [{"d": 3}, 4]}))
    {'a.b': [1, 2], 'c.0.d': 3, 'c.1': 4}
    """
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flattened(value, f"{name}.")
        elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
            yield from flattened({str(index): entry for index, entry in enumerate(value)}, f"{name}.")
        else:
            yield name, value


def files_ending(folder: str | None, suffix: Suffix, recursive: bool = True) -> list[Path]:
    """The files of a folder, and unless `recursive=False` of those in it, that end in `suffix`; none if it is None."""
    if folder is None:
        return []
    return sorted(path for path in Path(folder).glob("**/*" if recursive else "*") if path.name.endswith(suffix))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.tolist() if isinstance(value, torch.Tensor | np.ndarray | np.generic) else value
