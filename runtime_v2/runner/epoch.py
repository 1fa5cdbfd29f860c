"""EpochBasedRunner: the workflow counted in epochs."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.compat.tracked_pass import TrackedPass
from mmmigrate.runtime_v2.registries import RUNNERS
from mmmigrate.runtime_v2.runner.base import BaseRunner, check_workflow
from mmmigrate.runtime_v2.runner.host import get_host_info
from mmmigrate.runtime_v2.runner.resume_points import START
from mmmigrate.runtime_v2.runner.rng import rng_state, set_rng_state
from mmmigrate.runtime_v2.runner.saving import save_runner


@RUNNERS.register_module()
class EpochBasedRunner(BaseRunner):
    """Runs whole epochs: a workflow phase is (mode, number of epochs); only train epochs count as progress."""

    def run_iter(self, data_batch: Any, train_mode: bool, **kwargs: Any) -> None:
        """One step of the model (or the batch processor) on one batch."""
        if self.batch_processor is not None:
            outputs = self.batch_processor(self.model, data_batch, train_mode=train_mode, **kwargs)
        elif train_mode:
            outputs = self.model.train_step(data_batch, self.optimizer, **kwargs)
        else:
            outputs = self.model.val_step(data_batch, self.optimizer, **kwargs)
        self._take_outputs(outputs)

    def train(self, data_loader: Any, **kwargs: Any) -> None:
        """One train epoch."""
        self.model.train()
        self.mode = "train"
        self.data_loader = data_loader
        self._max_iters = self._max_epochs * len(data_loader)  # type: ignore[operator]
        self._stages.clear()
        self.call_hook("before_train_epoch")
        batches = self._batches(data_loader)
        calls, run_iter = self._calls(), self.run_iter
        plain = (
            getattr(run_iter, "__func__", None) is EpochBasedRunner.run_iter
            and self.batch_processor is None
            and not kwargs
        )
        for self._inner_iter, self.data_batch in enumerate(batches, getattr(batches, "served", 0)):
            for method in calls["before_train_iter"]:
                method(self)
            if plain:  # what run_iter does, without the calls
                outputs = self.model.train_step(self.data_batch, self.optimizer)
                if isinstance(outputs, dict) and "log_vars" in outputs:
                    self.log_buffer.update(outputs["log_vars"], outputs["num_samples"])
                    self.outputs = outputs
                else:
                    self._take_outputs(outputs)
            else:
                run_iter(self.data_batch, train_mode=True, **kwargs)
            for method in calls["after_train_iter"]:
                method(self)
            del self.data_batch
            self._iter += 1
            if self.resume_points is not None and self.resume_points.waits and self._inner_iter + 1 < len(data_loader):
                self.resume_points.complete(self, self._position, [batches])
        self.call_hook("after_train_epoch")
        self._epoch += 1

    def _batches(self, data_loader: Any) -> Any:
        if self.resume_points is None:
            return data_loader
        if self.resume_points.inside_epoch:
            return self.resume_points.resume_epoch(self, data_loader)
        return TrackedPass(data_loader, rng_state, set_rng_state)

    @torch.no_grad()
    def val(self, data_loader: Any, **kwargs: Any) -> None:
        """One val epoch: the loss on the val data, no metrics."""
        self.model.eval()
        self.mode = "val"
        self.data_loader = data_loader
        self._stages.clear()
        self.call_hook("before_val_epoch")
        for self._inner_iter, self.data_batch in enumerate(data_loader):
            self.call_hook("before_val_iter")
            self.run_iter(self.data_batch, train_mode=False)
            self.call_hook("after_val_iter")
            del self.data_batch
        self.call_hook("after_val_epoch")

    def run(
        self,
        data_loaders: list[Any],
        workflow: list[tuple[str, int]],
        max_epochs: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Repeat the workflow, one data loader per phase, until `max_epochs` train epochs are done."""
        check_workflow(data_loaders, workflow)
        if max_epochs is not None:
            warnings.warn(
                "setting max_epochs in run is deprecated, please set max_epochs in runner_config",
                DeprecationWarning,
                stacklevel=2,
            )
            self._max_epochs = max_epochs
        if self._max_epochs is None:
            raise ArgumentValueError("max_epochs must be given when the runner is made")
        train_loader = next((loader for loader, (mode, _) in zip(data_loaders, workflow) if mode == "train"), None)
        if train_loader is not None:
            self._max_iters = self._max_epochs * len(train_loader)
        self._announce(workflow)
        self.call_hook("before_run")
        self.data_loader = train_loader
        first = self._begin([])
        while self._epoch < self._max_epochs:
            for i, (loader, (mode, epochs)) in enumerate(zip(data_loaders, workflow)):
                phase = self._phase(mode)
                for done in range(epochs):
                    if (i, done) < first:
                        continue
                    if mode == "train" and self._epoch >= self._max_epochs:
                        break
                    self._mark((i, done), [])
                    phase(loader, **kwargs)
            first = START
        self._mark(START, [])
        self.call_hook("after_run")

    def save_checkpoint(
        self,
        out_dir: str,
        filename_tmpl: str = "epoch_{}.pth",
        save_optimizer: bool = True,
        meta: dict[str, Any] | None = None,
        create_symlink: bool = True,
    ) -> None:
        """Save to `out_dir` under `filename_tmpl` with the number of finished epochs put in."""
        filename = filename_tmpl.format(self.epoch + 1)
        save_runner(self, out_dir, filename, save_optimizer, meta, create_symlink)

    def _announce(self, workflow: list[tuple[str, int]]) -> None:
        self.logger.info("Start running, host: %s, work_dir: %s", get_host_info(), self.work_dir or "NONE")
        self.logger.info("Hooks will be executed in the following order:\n%s", self.get_hook_info())
        self.logger.info("workflow: %s, max: %d epochs", workflow, self._max_epochs)


@RUNNERS.register_module()
class Runner(EpochBasedRunner):
    """The old name of EpochBasedRunner."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn("Runner was deprecated, please use EpochBasedRunner instead", DeprecationWarning, stacklevel=2)
        super().__init__(*args, **kwargs)
