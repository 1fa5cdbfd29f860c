"""IterBasedRunner: the workflow counted in iterations."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.hooks.iter_timer import IterTimerHook
from mmmigrate.runtime_v2.registries import RUNNERS
from mmmigrate.runtime_v2.runner.base import BaseRunner, check_workflow
from mmmigrate.runtime_v2.runner.host import get_host_info
from mmmigrate.runtime_v2.runner.iter_loader import IterLoader
from mmmigrate.runtime_v2.runner.resume_points import START
from mmmigrate.runtime_v2.runner.resuming import MapLocation
from mmmigrate.runtime_v2.runner.saving import save_runner
from mmmigrate.runtime_v2.runner.train_mode import TrainMode


@RUNNERS.register_module()
class IterBasedRunner(BaseRunner):
    """Runs iterations: a workflow phase is (mode, number of iterations); only train iterations count as progress."""

    _wrong_mode_error = ArgumentValueError

    def train(self, data_loader: Any, **kwargs: Any) -> None:
        """One train iteration on the next batch of an IterLoader."""
        self._train_mode.ensure(self.model)
        self.mode = "train"
        self.data_loader = data_loader
        self._epoch = data_loader.epoch
        self.data_batch = next(data_loader)
        calls = self._calls()
        for method in calls["before_train_iter"]:
            method(self)
        if kwargs:
            outputs = self.model.train_step(self.data_batch, self.optimizer, **kwargs)
        else:  # by itself, since a call with `**` takes three times as long
            outputs = self.model.train_step(self.data_batch, self.optimizer)
        self._take_outputs(outputs)
        for method in calls["after_train_iter"]:
            method(self)
        del self.data_batch
        self._inner_iter += 1
        self._iter += 1

    @torch.no_grad()
    def val(self, data_loader: Any, **kwargs: Any) -> None:
        """One val iteration on the next batch of an IterLoader: its loss, no metrics."""
        self.model.eval()
        self.mode = "val"
        self.data_loader = data_loader
        self.data_batch = next(data_loader)
        self.call_hook("before_val_iter")
        self._take_outputs(self.model.val_step(self.data_batch, **kwargs))
        self.call_hook("after_val_iter")
        del self.data_batch
        self._inner_iter += 1

    def run(
        self,
        data_loaders: list[Any],
        workflow: list[tuple[str, int]],
        max_iters: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Repeat the workflow, one data loader per phase, until `max_iters` train iterations are done."""
        check_workflow(data_loaders, workflow)
        if max_iters is not None:
            warnings.warn(
                "setting max_iters in run is deprecated, please set max_iters in runner_config",
                DeprecationWarning,
                stacklevel=2,
            )
            self._max_iters = max_iters
        if self._max_iters is None:
            raise ArgumentValueError("max_iters must be given when the runner is made")
        self._announce(workflow)
        self._train_mode = TrainMode()
        self.call_hook("before_run")
        loaders = [IterLoader(loader, self.resume_points is not None) for loader in data_loaders]
        self.call_hook("before_epoch")
        self.data_loader = next((loader for loader, (mode, _) in zip(loaders, workflow) if mode == "train"), None)
        first = self._begin(loaders)
        phases = [
            (i, loader, self._phase(mode), mode == "train", iters)
            for i, (loader, (mode, iters)) in enumerate(zip(loaders, workflow))
        ]
        while self._iter < self._max_iters:
            for i, loader, phase, is_train, iters in phases:
                if (i, 0) >= first:
                    self._inner_iter = 0
                for done in range(iters):
                    if (i, done) < first:
                        continue
                    if is_train and self._iter >= self._max_iters:
                        break
                    if self.resume_points is not None:
                        self._mark((i, done), loaders)
                    phase(loader, **kwargs)
            first = START
        self._mark(START, loaders)
        self.call_hook("after_epoch")
        self.call_hook("after_run")

    def resume(self, checkpoint: str, resume_optimizer: bool = True, map_location: MapLocation = "default") -> None:
        """Continue after the iteration of `checkpoint`, with its weights and optimizer; the meta stays (as in mmcv)."""
        loaded = self._load_to_resume(checkpoint, map_location)
        self._inner_iter = self._iter
        if resume_optimizer:
            self._resume_optimizer(loaded)
        self.logger.info(f"resumed from epoch: {self.epoch}, iter {self.iter}")

    def save_checkpoint(  # type: ignore[override]
        self,
        out_dir: str,
        filename_tmpl: str = "iter_{}.pth",
        meta: dict[str, Any] | None = None,
        save_optimizer: bool = True,
        create_symlink: bool = True,
    ) -> None:
        """Save to `out_dir` under `filename_tmpl` with the number of finished iterations put in."""
        filename = filename_tmpl.format(self.iter + 1)
        save_runner(self, out_dir, filename, save_optimizer, meta, create_symlink)

    def register_training_hooks(  # type: ignore[override]
        self,
        lr_config: Any,
        optimizer_config: Any = None,
        checkpoint_config: Any = None,
        log_config: Any = None,
        momentum_config: Any = None,
        custom_hooks_config: Any = None,
    ) -> None:
        """Register all default and custom hooks; checkpoints, rates and logs count iterations unless told otherwise."""
        for config in (checkpoint_config, lr_config, *(log_config or {"hooks": []})["hooks"]):
            if isinstance(config, dict):
                config.setdefault("by_epoch", False)
        super().register_training_hooks(
            lr_config=lr_config,
            momentum_config=momentum_config,
            optimizer_config=optimizer_config,
            checkpoint_config=checkpoint_config,
            log_config=log_config,
            timer_config=IterTimerHook(),
            custom_hooks_config=custom_hooks_config,
        )

    def _announce(self, workflow: list[tuple[str, int]]) -> None:
        self.logger.info("Start running, host: %s, work_dir: %s", get_host_info(), self.work_dir or "NONE")
        self.logger.info("Hooks will be executed in the following order:\n%s", self.get_hook_info())
        self.logger.info("workflow: %s, max: %d iters", workflow, self._max_iters)
