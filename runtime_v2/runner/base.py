"""BaseRunner: what epoch and iteration runners share."""

from __future__ import annotations

import logging
import os
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, MissingMethodError
from mmmigrate.runtime_v2.dist import get_dist_info
from mmmigrate.runtime_v2.hooks.calling import StageMethods
from mmmigrate.runtime_v2.optim.groups import map_optimizers, momentum_of
from mmmigrate.runtime_v2.optim.types import Optimizers
from mmmigrate.runtime_v2.parallel.wrappers import is_module_wrapper
from mmmigrate.runtime_v2.runner.host import get_time_str
from mmmigrate.runtime_v2.runner.log_buffer import LogBuffer
from mmmigrate.runtime_v2.runner.registration import HookRegistration
from mmmigrate.runtime_v2.runner.resume_points import START, ResumePoints
from mmmigrate.runtime_v2.runner.resuming import Resuming
from mmmigrate.runtime_v2.runner.train_mode import TrainMode

BatchProcessor = Callable[..., dict[str, Any]]


class BaseRunner(HookRegistration, Resuming, metaclass=ABCMeta):
    """Drives a model through its workflow and calls the hooks.

    The model offers `train_step(data, optimizer)` and `val_step(data, optimizer)`, each returning a dict with
    `loss`, `log_vars` and `num_samples`; the older `batch_processor(model, data, train_mode=...)` may stand in.
    Exactly one of `max_epochs` and `max_iters` is set. `meta` goes into every checkpoint.

    `epoch`, `iter` and `inner_iter` are the current epoch, the train iteration of the run and the iteration within the
    epoch or phase, all 0-based. Hooks ask for them at every turn, so they are slots, which take a third of the time of
    a property.
    """

    __slots__ = ("_epoch", "_inner_iter", "_iter")
    epoch: int
    iter: int
    inner_iter: int

    def __init__(
        self,
        model: nn.Module,
        batch_processor: BatchProcessor | None = None,
        optimizer: Optimizers | None = None,
        work_dir: str | None = None,
        logger: logging.Logger | None = None,
        meta: dict[str, Any] | None = None,
        max_iters: int | None = None,
        max_epochs: int | None = None,
    ) -> None:
        _check_step(model, batch_processor)
        _check_optimizer(optimizer)
        if not isinstance(logger, logging.Logger):
            raise ArgumentTypeError(f"logger must be a logging.Logger, got {type(logger).__name__}")
        if meta is not None and not isinstance(meta, dict):
            raise ArgumentTypeError(f"meta must be a dict or None, got {type(meta).__name__}")
        if max_epochs is not None and max_iters is not None:
            raise ArgumentValueError("only one of max_epochs and max_iters can be set")
        self.model: Any = model
        self.batch_processor = batch_processor
        self.optimizer = optimizer
        self.logger = logger
        self.meta = meta
        self.work_dir = _made(work_dir)
        self._model_name = type(getattr(model, "module", model)).__name__
        self._rank, self._world_size = get_dist_info()
        self.timestamp = get_time_str()
        self.mode: str | None = None
        self._epoch = 0
        self._iter = 0
        self._inner_iter = 0
        self._max_epochs = max_epochs
        self._max_iters = max_iters
        self.log_buffer = LogBuffer()
        self.data_loader: Any = None
        self.outputs: dict[str, Any] = {}
        self.resume_points: ResumePoints | None = None
        self.saved_name: str | None = None
        self.loaded_from: str | None = None
        self._position = START
        self._stages = StageMethods()
        self._train_mode = TrainMode()

    @property
    def model_name(self) -> str:
        """The class name of the model inside any wrapper."""
        return self._model_name

    @property
    def rank(self) -> int:
        """This process's rank."""
        return self._rank

    @property
    def world_size(self) -> int:
        """The number of processes."""
        return self._world_size

    @property
    def max_epochs(self) -> Any:
        """The number of train epochs, or None."""
        return self._max_epochs

    @property
    def max_iters(self) -> Any:
        """The number of train iterations; an epoch runner knows it once it runs."""
        return self._max_iters

    @abstractmethod
    def train(self, data_loader: Any, **kwargs: Any) -> None:
        """Run one train phase (an epoch or an iteration)."""

    @abstractmethod
    def val(self, data_loader: Any, **kwargs: Any) -> None:
        """Run one val phase."""

    @abstractmethod
    def run(self, data_loaders: list[Any], workflow: list[tuple[str, int]], **kwargs: Any) -> None:
        """Run the whole workflow."""

    @abstractmethod
    def save_checkpoint(
        self,
        out_dir: str,
        filename_tmpl: str,
        save_optimizer: bool = True,
        meta: dict[str, Any] | None = None,
        create_symlink: bool = True,
    ) -> None:
        """Save the model, and the optimizer unless told otherwise."""

    def current_lr(self) -> Any:
        """The learning rate of every group: a list, or a dict of lists by optimizer."""
        return map_optimizers(lambda _, optimizer: [group["lr"] for group in optimizer.param_groups], self.optimizer)

    def current_momentum(self) -> Any:
        """The momentum (or first beta; 0 if neither) of every group, in the form of `current_lr`."""
        return map_optimizers(
            lambda _, optimizer: [momentum_of(group) for group in optimizer.param_groups], self.optimizer
        )

    def _take_outputs(self, outputs: Any) -> None:
        """Keep a step's outputs and log what it reports."""
        if not isinstance(outputs, dict):
            raise ArgumentTypeError(
                f"model.train_step() and model.val_step() must return a dict, got {type(outputs).__name__}"
            )
        if "log_vars" in outputs:
            self.log_buffer.update(outputs["log_vars"], outputs["num_samples"])
        self.outputs = outputs

    def _mark(self, position: tuple[int, int], loaders: list[Any]) -> None:
        """Complete the resume point of the latest checkpoint, now that the run goes on at `position`."""
        self._position = position
        if self.resume_points is not None:
            self.resume_points.complete(self, position, loaders)

    def _begin(self, loaders: list[Any]) -> tuple[int, int]:
        """Where in the workflow to begin: not at its start if the run goes on from a resume point."""
        return START if self.resume_points is None else self.resume_points.begin(self, loaders)

    _wrong_mode_error: type[Exception] = ArgumentTypeError

    def _phase(self, mode: Any) -> Callable[..., None]:
        """The method that runs a phase of the workflow by its name."""
        if not isinstance(mode, str):
            raise self._wrong_mode_error(f"a workflow's mode must be a string, got {mode!r}")
        method = getattr(self, mode, None)
        if method is None:
            raise ArgumentValueError(
                f'the runner has no method named "{mode}" to run a workflow; it has "train" and "val"'
            )
        return method  # type: ignore[no-any-return]


for _counter in ("epoch", "iter", "inner_iter"):
    setattr(BaseRunner, _counter, vars(BaseRunner)[f"_{_counter}"])


def check_workflow(data_loaders: Any, workflow: Any) -> None:
    """Raise unless there is one data loader for each (mode, length) of the workflow."""
    if not isinstance(data_loaders, list):
        raise ArgumentTypeError(f"data_loaders must be a list, got {type(data_loaders).__name__}")
    if not isinstance(workflow, list) or not all(isinstance(flow, tuple) for flow in workflow):
        raise ArgumentTypeError(f"workflow must be a list of (mode, length) tuples, got {workflow!r}")
    if len(data_loaders) != len(workflow):
        raise ArgumentValueError(f"{len(workflow)} workflow phases need as many data loaders, got {len(data_loaders)}")


def _made(work_dir: str | None) -> str | None:
    if work_dir is None:
        return None
    if not isinstance(work_dir, str):
        raise ArgumentTypeError(f'"work_dir" must be a str or None, got {type(work_dir).__name__}')
    path = os.path.normpath(Path(work_dir).absolute())
    Path(path).mkdir(parents=True, exist_ok=True)
    return path


def _check_step(model: nn.Module, batch_processor: BatchProcessor | None) -> None:
    if batch_processor is None:
        if not hasattr(model, "train_step"):
            raise MissingMethodError(f"{type(model).__name__} has no train_step(data, optimizer), which a runner calls")
        return
    if not callable(batch_processor):
        raise ArgumentTypeError(f"batch_processor must be callable, got {type(batch_processor).__name__}")
    warnings.warn(
        "batch_processor is deprecated, please implement train_step() and val_step() in the model instead.",
        DeprecationWarning,
        stacklevel=3,
    )
    inner = model.module if is_module_wrapper(model) else model
    if hasattr(inner, "train_step") or hasattr(inner, "val_step"):
        raise RuntimeError("batch_processor and model.train_step()/model.val_step() cannot be both available.")


def _check_optimizer(optimizer: Any) -> None:
    if isinstance(optimizer, dict):
        for name, each in optimizer.items():
            if not isinstance(each, Optimizer):
                raise ArgumentTypeError(
                    f'optimizer["{name}"] must be a torch.optim.Optimizer, got {type(each).__name__}'
                )
    elif optimizer is not None and not isinstance(optimizer, Optimizer):
        raise ArgumentTypeError(
            f"optimizer must be an Optimizer, a dict of them or None, got {type(optimizer).__name__}"
        )
