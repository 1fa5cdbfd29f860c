"""Hands what is to be seen to the backends."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmmigrate.compat.dist import get_dist_info
from mmmigrate.runtime_v3.logging.manager import ManagerMixin
from mmmigrate.runtime_v3.registry import VISBACKENDS, VISUALIZERS
from mmmigrate.runtime_v3.storage import join
from mmmigrate.runtime_v3.visualization.drawing import Drawing
from mmmigrate.runtime_v3.visualization.featmap import draw_featmap
from mmmigrate.runtime_v3.visualization.vis_backend import BaseVisBackend
from mmmigrate.runtime_v3.visualization.window import show_image


@VISUALIZERS.register_module()
class Visualizer(ManagerMixin, Drawing):
    """One interface to all backends; acts in process 0 only.

    `vis_backends`: one or several, built or as config, each with an optional `name`. Their files lie in
    `save_dir/vis_data` unless a backend has a `save_dir` of its own.
    """

    draw_featmap = staticmethod(draw_featmap)

    def __init__(
        self,
        name: str = "visualizer",
        image: np.ndarray[Any, Any] | None = None,
        vis_backends: Sequence[Any] | dict[str, Any] | BaseVisBackend | None = None,
        save_dir: str | None = None,
        fig_save_cfg: dict[str, Any] | None = None,
        fig_show_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(name)
        self._dataset_meta: dict[str, Any] | None = None
        self._image = None
        if image is not None:
            self.set_image(image)
        self.fig_save_cfg = fig_save_cfg or {"frameon": False}
        self.fig_show_cfg = fig_show_cfg or {"frameon": False}
        self._vis_backends: dict[str, BaseVisBackend] = {}
        folder = None if save_dir is None else join(save_dir, "vis_data")
        given = [vis_backends] if isinstance(vis_backends, (dict, BaseVisBackend)) else (vis_backends or [])
        for backend in given:
            self._add_backend(backend, folder)

    def _add_backend(self, backend: Any, folder: str | None) -> None:
        name = None
        if isinstance(backend, dict):
            cfg = dict(backend)
            name = cfg.pop("name", None)
            if cfg.setdefault("save_dir", folder) is None:
                message = f"`Visualizer` backend is not initialized because save_dir is None: {cfg['type']} needs one"
                warnings.warn(message, stacklevel=4)
                return
            backend = VISBACKENDS.build(cfg)
        # mmengine asks for no base class, and neither do projects' own backends have one.
        if not isinstance(backend, BaseVisBackend) and not hasattr(backend, "add_scalars"):
            raise TypeError(f"vis_backends must be dicts or backends, got {backend!r}")
        name = name or type(backend).__name__
        if name in self._vis_backends:
            raise RuntimeError(f"vis_backend name {name} already exists: give one of them another name=")
        self._vis_backends[name] = backend

    @classmethod
    def get_instance(cls, name: str, **kwargs: Any) -> Any:
        """The visualizer of that name, also found through `Visualizer` if it is of a subclass."""
        instance = super().get_instance(name, **kwargs)
        Visualizer._instance_dict[name] = instance
        return instance

    def get_backend(self, name: str) -> BaseVisBackend | None:
        return self._vis_backends.get(name)

    @property
    def dataset_meta(self) -> dict[str, Any] | None:
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict[str, Any]) -> None:
        self._dataset_meta = dataset_meta

    def _backends(self) -> list[BaseVisBackend]:
        return list(self._vis_backends.values()) if get_dist_info()[0] == 0 else []

    def add_config(self, config: Any, **kwargs: Any) -> None:
        for backend in self._backends():
            backend.add_config(config, **kwargs)

    def add_graph(self, model: torch.nn.Module, data_batch: Any, **kwargs: Any) -> None:
        for backend in self._backends():
            backend.add_graph(model, data_batch, **kwargs)

    def add_image(self, name: str, image: np.ndarray[Any, Any], step: int = 0) -> None:
        for backend in self._backends():
            backend.add_image(name, image, step)

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        for backend in self._backends():
            backend.add_scalar(name, value, step, **kwargs)

    def add_scalars(
        self, scalar_dict: dict[str, Any], step: int = 0, file_path: str | None = None, **kwargs: Any
    ) -> None:
        for backend in self._backends():
            backend.add_scalars(scalar_dict, step, file_path, **kwargs)

    def add_datasample(
        self,
        name: str,
        image: np.ndarray[Any, Any],
        data_sample: Any = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        step: int = 0,
        **kwargs: Any,
    ) -> None:
        """Nothing here: a visualizer for a task draws the sample's annotations and predictions."""

    def show(
        self,
        drawn_img: np.ndarray[Any, Any] | None = None,
        win_name: str = "image",
        wait_time: float = 0.0,
        continue_key: str = " ",
        backend: str = "matplotlib",
    ) -> None:
        """Shows an image in a window for `wait_time` seconds; 0: until it is closed, or for OpenCV a key is pressed."""
        if get_dist_info()[0] == 0:
            show_image(self._current() if drawn_img is None else drawn_img, win_name, wait_time, backend)

    def close(self) -> None:
        for backend in self._backends():
            backend.close()
