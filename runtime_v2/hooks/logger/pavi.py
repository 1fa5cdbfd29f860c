"""PaviLoggerHook: scalars, checkpoints and the model's graph to Pavi."""

from __future__ import annotations

import json
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.config import Config
from mmmigrate.runtime_v2.dist import master_only
from mmmigrate.runtime_v2.fileio import dump
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook
from mmmigrate.runtime_v2.hooks.logger.services import service
from mmmigrate.runtime_v2.parallel.scatter import scatter
from mmmigrate.runtime_v2.parallel.wrappers import unwrapped

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class Schedule:
    """When to send something: from `start` on, every `interval` epochs or iterations, if `active`."""

    def __init__(self, active: bool = False, start: int = 0, interval: int = 1, **_: Any) -> None:
        self.active = active
        self.start = start
        self.interval = interval

    def is_due(self, step: int) -> bool:
        """Whether `step` (from 1) is one of them."""
        return self.active and step >= self.start and (step - self.start) % self.interval == 0


@HOOKS.register_module()
class PaviLoggerHook(LoggerHook):
    """Logs to Pavi; `init_kwargs` go to its `SummaryWriter`.

    `add_graph_kwargs` (active, start, interval, img_key, opset_version, dummy_forward_kwargs) says when the model's
    graph is sent, `add_ckpt_kwargs` (active, start, interval) when the checkpoint; `add_last_ckpt` sends the last one.
    """

    def __init__(
        self,
        init_kwargs: dict[str, Any] | None = None,
        add_graph: bool | None = None,
        img_key: str | None = None,
        add_last_ckpt: bool = False,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        by_epoch: bool = True,
        add_graph_kwargs: dict[str, Any] | None = None,
        add_ckpt_kwargs: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        graph = dict(add_graph_kwargs or {})
        for old, new, value in (("add_graph", "active", add_graph), ("img_key", "img_key", img_key)):
            if value is not None:
                message = f"PaviLoggerHook: {old} is deprecated, say add_graph_kwargs={{{new!r}: …}} instead"
                warnings.warn(message, DeprecationWarning, stacklevel=2)
                graph[new] = value
        self.init_kwargs = init_kwargs
        self.add_last_ckpt = add_last_ckpt
        self.graphs = Schedule(**graph)
        self.checkpoints = Schedule(**(add_ckpt_kwargs or {}))
        self.img_key: str = graph.get("img_key", "img")
        self.opset_version: int = graph.get("opset_version", 11)
        self.dummy_forward_kwargs: dict[str, Any] = graph.get("dummy_forward_kwargs", {})

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Open the writer."""
        super().before_run(runner)
        self.run_name = str(runner.work_dir).split("/")[-1]
        options = {"name": self.run_name, "model": runner._model_name, **(self.init_kwargs or {})}
        config = _config_of(runner)
        if config is not None:
            # Pavi's progress bar reads the key max_iter
            plain = json.loads(str(dump({"max_iter": runner.max_iters, **config}, file_format="json")))
            options.setdefault("session_text", yaml.dump(plain))
        self.init_kwargs = options
        self.writer = service("pavi", self).SummaryWriter(**options)

    def get_step(self, runner: BaseRunner) -> int:
        """The epoch for metrics if counting by epoch, else the iteration."""
        return self.get_epoch(runner) if self.by_epoch and self.get_mode(runner) == "val" else self.get_iter(runner)

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values."""
        tags = self.get_loggable_tags(runner, add_mode=False)
        if tags:
            self.writer.add_scalars(self.get_mode(runner), tags, self.get_step(runner))

    @master_only
    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Send the graph, if this epoch is due."""
        super().before_train_epoch(runner)
        if self.by_epoch and self.graphs.is_due(self.get_epoch(runner)):
            self._add_graph(runner, self.get_epoch(runner))

    @master_only
    def before_train_iter(self, runner: BaseRunner) -> None:
        """Send the graph, if counting by iteration and this one is due."""
        super().before_train_iter(runner)
        if not self.by_epoch and self.graphs.is_due(self.get_iter(runner)):
            self._add_graph(runner, self.get_iter(runner))

    @master_only
    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Log what is ready; send the checkpoint, if this epoch is due."""
        super().after_train_epoch(runner)
        step = self.get_epoch(runner)
        if self.by_epoch and self.checkpoints.is_due(step):
            self._add_checkpoint(Path(str(runner.work_dir)) / f"epoch_{step}.pth", step)

    @master_only
    def after_train_iter(self, runner: BaseRunner) -> None:
        """Log what is ready; send the checkpoint, if counting by iteration and this one is due."""
        super().after_train_iter(runner)
        step = self.get_iter(runner)
        if not self.by_epoch and self.checkpoints.is_due(step):
            self._add_checkpoint(Path(str(runner.work_dir)) / f"iter_{step}.pth", step)

    @master_only
    def after_run(self, runner: BaseRunner) -> None:
        """Send the last checkpoint if asked for, and close the writer."""
        if self.add_last_ckpt:
            step = runner.epoch if self.by_epoch else runner.iter
            self._add_checkpoint(Path(str(runner.work_dir)) / "latest.pth", step)
        self.writer.close()

    def _add_checkpoint(self, path: Path, step: int) -> None:
        if path.is_symlink():
            path = path.parent / path.readlink()
        if path.is_file():
            self.writer.add_snapshot_file(tag=self.run_name, snapshot_file_path=str(path), iteration=step)

    @torch.no_grad()
    def _add_graph(self, runner: BaseRunner, step: int) -> None:
        model: Any = unwrapped(runner.model)
        loader: Any = runner.data_loader
        batch = next(iter(getattr(loader, "_dataloader", loader)))
        device = next(model.parameters()).device.index
        image = scatter(batch, [-1 if device is None else device])[0][self.img_key]
        forward, is_own = model.forward, "forward" in vars(model)
        try:
            model.forward = partial(getattr(model, "forward_dummy", forward), **self.dummy_forward_kwargs)
            self.writer.add_graph(model, image, tag=f"{self.run_name}_{step}", opset_version=self.opset_version)
        finally:
            if is_own:
                model.forward = forward
            else:
                del model.forward


def _config_of(runner: BaseRunner) -> dict[str, Any] | None:
    meta = runner.meta or {}
    if "config_dict" in meta:
        config = meta["config_dict"]
        if not isinstance(config, dict):
            raise ArgumentTypeError(f'meta["config_dict"] has to be a dict, but got {type(config)}')
        return config
    return dict(Config.fromfile(meta["config_file"])) if "config_file" in meta else None
