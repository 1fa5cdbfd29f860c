"""Where scalars, images and configs go: files, TensorBoard."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.registry import VISBACKENDS

F = TypeVar("F", bound=Callable[..., Any])


def force_init_env(method: F) -> F:
    """Decorator: calls `_init_env` of the backend before its first use, so that an unused one leaves no trace."""

    @wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not getattr(self, "_env_initialized", False):
            self._init_env()
            self._env_initialized = True
        return method(self, *args, **kwargs)

    return wrapper  # type: ignore[return-value]


class BaseVisBackend(ABC):
    """The interface of a backend. `save_dir`: the folder for its files."""

    def __init__(self, save_dir: str) -> None:
        self._save_dir = save_dir
        self._env_initialized = False

    @property
    @abstractmethod
    def experiment(self) -> Any:
        """The service's own object."""

    @abstractmethod
    def _init_env(self) -> Any: ...

    def add_config(self, config: Any, **kwargs: Any) -> None:  # noqa: B027
        """Keeps the run's config."""

    def add_graph(self, model: torch.nn.Module, data_batch: Any, **kwargs: Any) -> None:  # noqa: B027
        """Keeps the model's graph."""

    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:  # noqa: B027
        """Keeps an (H, W, 3) RGB image of bytes."""

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:  # noqa: B027
        """Keeps one number."""

    def add_scalars(  # noqa: B027
        self, scalar_dict: dict[str, Any], step: int = 0, file_path: str | None = None, **kwargs: Any
    ) -> None:
        """Keeps several numbers of one step."""

    def close(self) -> None:  # noqa: B027
        """Finishes; nothing is added afterwards."""


@VISBACKENDS.register_module()
class LocalVisBackend(BaseVisBackend):
    """Files: the config, images, and one line of JSON for each record of scalars."""

    def __init__(
        self,
        save_dir: str,
        img_save_dir: str = "vis_image",
        config_save_file: str = "config.py",
        scalar_save_file: str = "scalars.json",
    ) -> None:
        for name, value, suffix in (
            ("config_save_file", config_save_file, ".py"),
            ("scalar_save_file", scalar_save_file, ".json"),
        ):
            if not value.endswith(suffix):
                raise ArgumentValueError(f"LocalVisBackend: {name} must end in {suffix}, got {value!r}")
        super().__init__(save_dir)
        self._img_save_dir = img_save_dir
        self._config_save_file = config_save_file
        self._scalar_save_file = scalar_save_file

    def _init_env(self) -> None:
        folder = Path(self._save_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self._img_save_dir = str(folder / self._img_save_dir)
        self._config_save_file = str(folder / self._config_save_file)
        self._scalar_save_file = str(folder / self._scalar_save_file)

    @property
    @force_init_env
    def experiment(self) -> LocalVisBackend:
        return self

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        config.dump(self._config_save_file)

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        if image.dtype != np.uint8:
            raise ArgumentTypeError(f"an image is an array of uint8, got {image.dtype}")
        path = Path(self._img_save_dir) / f"{name}_{step}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(image, path)

    @force_init_env
    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        _append({name: value, "step": step}, self._scalar_save_file)

    @force_init_env
    def add_scalars(
        self, scalar_dict: dict[str, Any], step: int = 0, file_path: str | None = None, **kwargs: Any
    ) -> None:
        """Appends a record to `scalars.json` and, if it is given, to the file `file_path` beside it."""
        if not isinstance(scalar_dict, dict):
            raise ArgumentTypeError(f"scalar_dict must be a dict, got {type(scalar_dict).__name__}")
        record = {**scalar_dict}
        record.setdefault("step", step)
        if file_path is not None:
            if not file_path.endswith(".json"):
                raise ArgumentValueError(f"file_path must end in .json, got {file_path!r}")
            beside = str(Path(self._save_dir) / file_path)
            if beside == self._scalar_save_file:
                raise ArgumentValueError(f"file_path and scalar_save_file are both {file_path!r}")
            _append(record, beside)
        _append(record, self._scalar_save_file)


def _append(record: dict[str, Any], path: str) -> None:
    with Path(path).open("a") as file:
        file.write(json.dumps(record, default=_as_json) + "\n")


def _as_json(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (set, range)):
        return list(value)
    return str(value)


@VISBACKENDS.register_module()
class TensorboardVisBackend(BaseVisBackend):
    """TensorBoard's event files."""

    def _init_env(self) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "TensorboardVisBackend needs tensorboard: pip install 'mmmigrate[tensorboard]'"
            ) from error
        Path(self._save_dir).mkdir(parents=True, exist_ok=True)
        self._tensorboard: Any = SummaryWriter(self._save_dir)

    @property
    @force_init_env
    def experiment(self) -> Any:
        return self._tensorboard

    @force_init_env
    def add_config(self, config: Any, **kwargs: Any) -> None:
        self._tensorboard.add_text("config", config.pretty_text)

    @force_init_env
    def add_graph(self, model: torch.nn.Module, data_batch: Any, **kwargs: Any) -> None:
        self._tensorboard.add_graph(model, data_batch, **kwargs)

    @force_init_env
    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0, **kwargs: Any) -> None:
        self._tensorboard.add_image(name, image, step, dataformats="HWC")

    @force_init_env
    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        # What is not a number (a text, a list) has no curve.
        if isinstance(value, (int, float, np.number)) or (
            isinstance(value, (torch.Tensor, np.ndarray)) and _size(value) == 1
        ):
            self._tensorboard.add_scalar(name, value, step)

    @force_init_env
    def add_scalars(
        self, scalar_dict: dict[str, Any], step: int = 0, file_path: str | None = None, **kwargs: Any
    ) -> None:
        if "step" in scalar_dict:
            raise ArgumentValueError("scalar_dict must not contain 'step': pass step=")
        for name, value in scalar_dict.items():
            self.add_scalar(name, value, step)

    def close(self) -> None:
        if hasattr(self, "_tensorboard"):
            self._tensorboard.close()


def write_png(image: np.ndarray[Any, Any], path: Path) -> None:
    """Writes an (H, W, 3) RGB image of bytes, with whichever of OpenCV and Pillow there is."""
    try:
        import cv2  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from PIL import Image

        Image.fromarray(image).save(path)
    else:
        cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


def _size(value: torch.Tensor | np.ndarray[Any, Any]) -> int:
    return value.numel() if isinstance(value, torch.Tensor) else value.size
