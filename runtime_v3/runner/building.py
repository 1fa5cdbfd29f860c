"""From the config to the parts of a run."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError, StateError
from mmmigrate.runtime_v3.evaluator import Evaluator
from mmmigrate.runtime_v3.logging import MessageHub, MMLogger
from mmmigrate.runtime_v3.optim import OptimWrapper, OptimWrapperDict, _ParamScheduler, build_optim_wrapper
from mmmigrate.runtime_v3.registry import (
    EVALUATOR,
    LOG_PROCESSORS,
    LOOPS,
    MODELS,
    OPTIM_WRAPPERS,
    PARAM_SCHEDULERS,
    VISUALIZERS,
)
from mmmigrate.runtime_v3.runner import dataloader as loaders
from mmmigrate.runtime_v3.runner.base_loop import BaseLoop
from mmmigrate.runtime_v3.runner.eval_loops import TestLoop, ValLoop
from mmmigrate.runtime_v3.runner.log_processor import LogProcessor
from mmmigrate.runtime_v3.runner.train_loops import EpochBasedTrainLoop, IterBasedTrainLoop
from mmmigrate.runtime_v3.storage import join
from mmmigrate.runtime_v3.visualization import Visualizer


class Builders:
    """The `build_…` methods of the runner. What is built already is handed back as it is."""

    _log_dir: str
    _experiment_name: str
    _timestamp: str
    _train_loop: Any
    _train_dataloader: Any
    _val_dataloader: Any
    _test_dataloader: Any
    _val_evaluator: Any
    _test_evaluator: Any
    model: Any
    optim_wrapper: Any
    param_schedulers: Any
    logger: MMLogger
    _world_size: int

    def build_logger(self, log_level: int | str = "INFO", log_file: str | None = None, **kwargs: Any) -> MMLogger:
        if log_file is None:
            log_file = join(self._log_dir, f"{self._timestamp}.log")
        arguments = {"name": self._experiment_name, "file_mode": "a", **kwargs}
        return MMLogger.get_instance(log_level=log_level, log_file=log_file, **arguments)

    def build_message_hub(self, message_hub: dict[str, Any] | None = None) -> MessageHub:
        if message_hub is not None and not isinstance(message_hub, dict):
            raise TypeError(f"message_hub should be a dict or None, got {message_hub!r}")
        return MessageHub.get_instance(**{"name": self._experiment_name, **(message_hub or {})})

    def build_visualizer(self, visualizer: Visualizer | dict[str, Any] | None = None) -> Visualizer:
        if isinstance(visualizer, Visualizer):
            return visualizer
        own = {"name": self._experiment_name, "save_dir": self._log_dir}
        if visualizer is None:
            visualizer = {"vis_backends": [{"type": "LocalVisBackend"}], "type": "Visualizer"}
        built: Visualizer = _build("visualizer", visualizer, VISUALIZERS, own)
        return built

    def build_model(self, model: nn.Module | dict[str, Any]) -> nn.Module:
        if isinstance(model, nn.Module):
            return model
        built: nn.Module = _build("model", model, MODELS)
        return built

    def build_log_processor(self, log_processor: LogProcessor | dict[str, Any]) -> LogProcessor:
        if isinstance(log_processor, LogProcessor):
            return log_processor
        if not isinstance(log_processor, dict):
            raise TypeError(f"log_processor should be a LogProcessor or a dict, got {log_processor!r}")
        built: LogProcessor = _build("log_processor", {"type": "LogProcessor", **log_processor}, LOG_PROCESSORS)
        return built

    def build_evaluator(self, evaluator: Evaluator | dict[str, Any] | list[Any]) -> Evaluator:
        if isinstance(evaluator, dict) and "metrics" in evaluator:
            built: Evaluator = EVALUATOR.build({"type": "Evaluator", **evaluator})
            return built
        if isinstance(evaluator, (dict, list)):
            return Evaluator(evaluator)
        if not isinstance(evaluator, Evaluator) and not hasattr(evaluator, "evaluate"):
            raise TypeError(f"evaluator should be an Evaluator, a dict or a list of dicts, got {evaluator!r}")
        return evaluator

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader[Any] | dict[str, Any], seed: int | None = None, diff_rank_seed: bool = False
    ) -> DataLoader[Any]:
        return loaders.build_dataloader(dataloader, seed, diff_rank_seed)

    def build_train_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        if isinstance(loop, BaseLoop):
            return loop
        cfg = _loop_config("train_loop", loop)
        own = {"runner": self, "dataloader": self._train_dataloader}
        if "type" in cfg:
            if "by_epoch" in cfg:
                raise RuntimeError(f"Only one of type and by_epoch may be in train_cfg, got both: {cfg}")
            built: BaseLoop = LOOPS.build(cfg, default_args=own)
            return built
        if "by_epoch" not in cfg:
            raise KeyError(f"train_cfg needs a 'type' or by_epoch=True/False, got {cfg}")
        kind: Any = EpochBasedTrainLoop if cfg.pop("by_epoch") else IterBasedTrainLoop
        made: BaseLoop = LOOPS.build({"type": kind, **cfg}, default_args=own)
        return made

    def build_val_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        return self._eval_loop("val_loop", loop, ValLoop, self._val_dataloader, self._val_evaluator)

    def build_test_loop(self, loop: BaseLoop | dict[str, Any]) -> BaseLoop:
        return self._eval_loop("test_loop", loop, TestLoop, self._test_dataloader, self._test_evaluator)

    def _eval_loop(self, name: str, loop: Any, kind: type, dataloader: Any, evaluator: Any) -> BaseLoop:
        if isinstance(loop, BaseLoop):
            return loop
        own = {"runner": self, "dataloader": dataloader, "evaluator": evaluator}
        built: BaseLoop = LOOPS.build({"type": kind, **_loop_config(name, loop)}, default_args=own)
        return built

    def build_optim_wrapper(self, optim_wrapper: Any) -> OptimWrapper | OptimWrapperDict:
        """From a wrapper, a config, `dict(optimizer=<built>, …)`, or a dict of built wrappers by name."""
        if isinstance(optim_wrapper, OptimWrapper):
            return optim_wrapper
        if not hasattr(optim_wrapper, "get") or not hasattr(optim_wrapper, "items"):
            raise TypeError(f"optimizer wrapper should be an OptimWrapper or a dict, got {optim_wrapper!r}")
        optimizer = optim_wrapper.get("optimizer")
        if isinstance(optimizer, Optimizer):
            built: OptimWrapper = OPTIM_WRAPPERS.build({"type": "OptimWrapper", **optim_wrapper})
            return built
        if optimizer is not None or "constructor" in optim_wrapper:
            return build_optim_wrapper(self.model, optim_wrapper)
        for name, wrapper in optim_wrapper.items():
            if not isinstance(wrapper, OptimWrapper):
                raise ValueError(
                    f"optim_wrapper: each item must be a built OptimWrapper where there is neither 'optimizer' nor "
                    f"'constructor', but {name}={wrapper!r}"
                )
        return OptimWrapperDict(**dict(optim_wrapper.items()))

    def build_param_scheduler(self, scheduler: Any) -> list[_ParamScheduler] | dict[str, list[_ParamScheduler]]:
        """A list of schedulers; for several optimizers a dict of lists, the same configs for all if not told apart."""
        if not isinstance(self.optim_wrapper, OptimWrapper):
            raise StateError("`build_optim_wrapper` should be called before `build_param_scheduler`")
        if not isinstance(self.optim_wrapper, OptimWrapperDict):
            return self._build_schedulers(scheduler, self.optim_wrapper)
        by_name = isinstance(scheduler, dict) and "type" not in scheduler
        return {
            name: self._build_schedulers(scheduler[name] if by_name else scheduler, wrapper)
            for name, wrapper in self.optim_wrapper.items()
        }

    def _build_schedulers(self, scheduler: Any, optim_wrapper: OptimWrapper) -> list[_ParamScheduler]:
        built: list[_ParamScheduler] = []
        for entry in scheduler if isinstance(scheduler, Sequence) else [scheduler]:
            if isinstance(entry, _ParamScheduler):
                built.append(entry)
                continue
            if not isinstance(entry, dict):
                raise TypeError(f"scheduler should be a _ParamScheduler object or dict, got {entry!r}")
            cfg = copy.deepcopy(entry)
            loop = self._train_loop
            if isinstance(loop, BaseLoop):
                # Left out, the end is that of training.
                unit = "max_epochs" if cfg.get("by_epoch", True) else "max_iters"
                cfg.setdefault("end", getattr(loop, unit))
            own = {"optimizer": optim_wrapper, "epoch_length": len(self.train_dataloader)}  # type: ignore[attr-defined]
            built.append(PARAM_SCHEDULERS.build(cfg, default_args=own))
        return built

    def scale_lr(self, optim_wrapper: OptimWrapper, auto_scale_lr: dict[str, Any] | None = None) -> None:
        """Multiplies all rates by the batch size over `base_batch_size`, if `auto_scale_lr` has `enable=True`."""
        if auto_scale_lr is None or not auto_scale_lr.get("enable", False):
            return
        if "base_batch_size" not in auto_scale_lr:
            raise MissingKeyError(f"Lack of `base_batch_size` in `auto_scale_lr`, only {sorted(auto_scale_lr)}")
        if _is_built(self.param_schedulers):
            raise RuntimeError(
                "`scale_lr` should be called before building the schedulers: they keep the rates they find"
            )
        if not isinstance(optim_wrapper, OptimWrapper):
            raise ArgumentTypeError(f"`scale_lr` should be called with an OptimWrapper, got {optim_wrapper!r}")
        given: Any = self._train_dataloader
        batch: Any = given.batch_size if isinstance(given, DataLoader) else given["batch_size"]
        real, base = self._world_size * batch, auto_scale_lr["base_batch_size"]
        ratio = float(real) / float(base)
        self.logger.info(
            f"LR is set based on batch size of {base} and the current batch size is {real}. "
            f"Scaling the original LR by {ratio}."
        )
        wrappers = optim_wrapper.values() if isinstance(optim_wrapper, OptimWrapperDict) else [optim_wrapper]
        for wrapper in wrappers:
            for group in wrapper.optimizer.param_groups:
                group["lr"] = group["lr"] * ratio


def _build(name: str, cfg: Any, registry: Any, default_args: dict[str, Any] | None = None) -> Any:
    if not hasattr(cfg, "items"):
        raise TypeError(f"{name} should be built already or a dict with its type, got {cfg!r}")
    return registry.build(cfg, default_args=default_args)


def _loop_config(name: str, loop: Any) -> dict[str, Any]:
    if not isinstance(loop, dict):
        raise TypeError(f"{name} should be a loop or a dict, got {loop!r}")
    return copy.deepcopy(dict(loop))


def _is_built(schedulers: Any) -> bool:
    if isinstance(schedulers, dict):
        return "type" not in schedulers and any(_is_built(entry) for entry in schedulers.values())
    if isinstance(schedulers, list):
        return any(_is_built(entry) for entry in schedulers)
    return isinstance(schedulers, _ParamScheduler)
