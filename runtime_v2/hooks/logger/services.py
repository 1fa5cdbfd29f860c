"""Loggers of experiment-tracking services: each hands the same values to one package, which is installed separately."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.runtime_v2.dist import master_only
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

SUMMARIES = ("min", "max", "mean", "best", "last", "none")


def service(module: str, hook: LoggerHook, package: str | None = None) -> Any:
    """The service's module; an ImportError that says what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        name = package or module
        raise ImportError(f"{type(hook).__name__} needs {name}: pip install {name}") from error


def _neptune(hook: LoggerHook) -> Any:
    """Neptune's interface to runs: a module of its own before release 1.0, the package itself since."""
    try:
        return import_module("neptune.new")
    except ImportError:
        return service("neptune", hook)


@HOOKS.register_module()
class WandbLoggerHook(LoggerHook):
    """Logs to Weights & Biases; files of the work directory that end in `out_suffix` become an artifact at the end.

    `init_kwargs` go to `wandb.init`, `define_metric_cfg` {metric: summary} to `wandb.define_metric`. Without
    `with_step` the iteration is logged as `global_step`.
    """

    def __init__(
        self,
        init_kwargs: dict[str, Any] | None = None,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        commit: bool = True,
        by_epoch: bool = True,
        with_step: bool = True,
        log_artifact: bool = True,
        out_suffix: str | tuple[str, ...] = (".log.json", ".log", ".py"),
        define_metric_cfg: dict[str, str] | None = None,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        self.wandb = service("wandb", self)
        self.init_kwargs = init_kwargs
        self.commit = commit
        self.with_step = with_step
        self.log_artifact = log_artifact
        self.out_suffix = out_suffix
        self.define_metric_cfg = define_metric_cfg

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Begin the service's run."""
        super().before_run(runner)
        self.wandb.init(**(self.init_kwargs or {}))
        for metric, summary in (self.define_metric_cfg or {}).items():
            if summary not in SUMMARIES:
                warnings.warn(f"summary should be in {SUMMARIES}, got {summary} for {metric}", stacklevel=2)
            self.wandb.define_metric(metric, summary=summary)

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values."""
        tags = self.get_loggable_tags(runner)
        if tags and self.with_step:
            self.wandb.log(tags, step=self.get_iter(runner), commit=self.commit)
        elif tags:
            self.wandb.log({**tags, "global_step": self.get_iter(runner)}, commit=self.commit)

    @master_only
    def after_run(self, runner: BaseRunner) -> None:
        """Save the artifact and end the service's run."""
        if self.log_artifact:
            artifact = self.wandb.Artifact(name="artifacts", type="model")
            for path in sorted(Path(str(runner.work_dir)).rglob("*")):
                if path.name.endswith(self.out_suffix):
                    artifact.add_file(str(path))
            self.wandb.log_artifact(artifact)
        # `join` is what mmcv calls; today's wandb has only `finish`
        (self.wandb.join if hasattr(self.wandb, "join") else self.wandb.finish)()


@HOOKS.register_module()
class MlflowLoggerHook(LoggerHook):
    """Logs to MLflow under the experiment `exp_name`, with `tags` and `params`; the model too if `log_model`."""

    def __init__(
        self,
        exp_name: str | None = None,
        tags: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        log_model: bool = True,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        by_epoch: bool = True,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        self.mlflow = service("mlflow", self)
        # asked for now: what is missing must show before the run, not when it ends
        try:
            self.mlflow_pytorch = service("mlflow.pytorch", self, "mlflow")
        except ImportError:
            if log_model:
                raise
            self.mlflow_pytorch = None
        self.exp_name = exp_name
        self.tags = tags
        self.params = params
        self.log_model = log_model

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Choose the experiment and describe the run."""
        super().before_run(runner)
        if self.exp_name is not None:
            self.mlflow.set_experiment(self.exp_name)
        if self.tags is not None:
            self.mlflow.set_tags(self.tags)
        if self.params is not None:
            self.mlflow.log_params(self.params)

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values."""
        tags = self.get_loggable_tags(runner)
        if tags:
            self.mlflow.log_metrics(tags, step=self.get_iter(runner))

    @master_only
    def after_run(self, runner: BaseRunner) -> None:
        """Log the model."""
        if self.log_model:
            requirements = [f"torch=={torch.__version__}"]
            self.mlflow_pytorch.log_model(runner.model, "models", pip_requirements=requirements)


@HOOKS.register_module()
class DvcliveLoggerHook(LoggerHook):
    """Logs to DVCLive; a checkpoint goes to `model_file` after each epoch if that is given.

    `dvclive` is a `Live` to use, else one is made from the further arguments.
    """

    def __init__(
        self,
        model_file: str | None = None,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        by_epoch: bool = True,
        dvclive: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        self.model_file = model_file
        self.dvclive = dvclive if dvclive is not None else service("dvclive", self).Live(**kwargs)

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values at the epoch or iteration."""
        tags = self.get_loggable_tags(runner)
        if not tags:
            return
        step = self.get_epoch(runner) if self.by_epoch else self.get_iter(runner)
        # releases from 2.0 on take the step as an attribute and call the method log_metric
        if hasattr(self.dvclive, "set_step"):
            self.dvclive.set_step(step)
        else:
            self.dvclive.step = step
        write = self.dvclive.log if hasattr(self.dvclive, "log") else self.dvclive.log_metric
        for name, value in tags.items():
            write(name, value)

    @master_only
    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Save the checkpoint, and log what is ready if counting by epoch."""
        if self.model_file is not None:
            path = Path(self.model_file)
            runner.save_checkpoint(str(path.parent), filename_tmpl=path.name, create_symlink=False)
        if self.by_epoch:
            super().after_train_epoch(runner)

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Log what is ready, unless counting by epoch."""
        if not self.by_epoch:
            super().after_train_iter(runner)


@HOOKS.register_module()
class NeptuneLoggerHook(LoggerHook):
    """Logs to Neptune; `init_kwargs` go to its `init`."""

    def __init__(
        self,
        init_kwargs: dict[str, Any] | None = None,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = True,
        with_step: bool = True,
        by_epoch: bool = True,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        self.neptune = _neptune(self)
        self.init_kwargs = init_kwargs
        self.with_step = with_step
        self.run: Any = None

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Begin the service's run."""
        # releases from 1.0 on have only `init_run`
        begin = self.neptune.init if hasattr(self.neptune, "init") else self.neptune.init_run
        self.run = begin(**(self.init_kwargs or {}))

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values."""
        step = {"step": self.get_iter(runner)} if self.with_step else {}
        for name, value in self.get_loggable_tags(runner).items():
            series = self.run[name]
            (series.log if hasattr(series, "log") else series.append)(value, **step)

    @master_only
    def after_run(self, runner: BaseRunner) -> None:
        """End the service's run."""
        self.run.stop()


@HOOKS.register_module()
class ClearMLLoggerHook(LoggerHook):
    """Logs to ClearML; `init_kwargs` go to `Task.init`."""

    def __init__(
        self,
        init_kwargs: dict[str, Any] | None = None,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        by_epoch: bool = True,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        self.clearml = service("clearml", self)
        self.init_kwargs = init_kwargs

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Begin the task."""
        super().before_run(runner)
        self.task = self.clearml.Task.init(**(self.init_kwargs or {}))
        self.task_logger = self.task.get_logger()

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values."""
        for name, value in self.get_loggable_tags(runner).items():
            self.task_logger.report_scalar(name, name, value, self.get_iter(runner))


@HOOKS.register_module()
class SegmindLoggerHook(LoggerHook):
    """Logs to Segmind, at the epoch."""

    def __init__(
        self, interval: int = 10, ignore_last: bool = True, reset_flag: bool = False, by_epoch: bool = True
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        segmind = service("segmind", self)
        self.log_metrics = segmind.tracking.fluent.log_metrics
        self.mlflow_log = segmind.utils.logging_utils.try_mlflow_log

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Log the values."""
        tags = self.get_loggable_tags(runner)
        if tags:
            self.mlflow_log(self.log_metrics, tags, step=runner.epoch, epoch=runner.epoch)
