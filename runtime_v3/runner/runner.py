"""The runner: holds the parts of an experiment and runs it."""

from __future__ import annotations

import copy
import inspect
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.compat.config import Config
from mmmigrate.compat.dist import get_dist_info
from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.dist import broadcast
from mmmigrate.runtime_v3.logging import MessageHub
from mmmigrate.runtime_v3.model.sync_batchnorm import convert_sync_batchnorm, revert_sync_batchnorm
from mmmigrate.runtime_v3.model.wrappers import is_model_wrapper
from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.registry import MODEL_WRAPPERS, RUNNERS, DefaultScope
from mmmigrate.runtime_v3.runner.base_loop import BaseLoop
from mmmigrate.runtime_v3.runner.building import Builders
from mmmigrate.runtime_v3.runner.checkpointing import Checkpointing
from mmmigrate.runtime_v3.runner.config_keys import unread_key_messages
from mmmigrate.runtime_v3.runner.environment import (
    describe_environment,
    set_random_seed,
    setup_environment,
    shared_timestamp,
)
from mmmigrate.runtime_v3.runner.hooking import HookRegister
from mmmigrate.runtime_v3.runner.model_options import turn_on_options
from mmmigrate.runtime_v3.runner.progress import Progress
from mmmigrate.runtime_v3.runner.scheduler_config import check_scheduler_config
from mmmigrate.runtime_v3.sharding import is_sharded

ConfigType = dict[str, Any] | Config


@RUNNERS.register_module()
class Runner(Progress, Builders, HookRegister, Checkpointing):
    """Trains, validates and tests a model. Parts given as configs are built when they are first needed.

    - `train_dataloader`, `train_cfg`, `optim_wrapper` belong together, and so do dataloader, cfg and evaluator of `val`
      and of `test`.
    - `train_cfg`: `dict(by_epoch=True, max_epochs=…)`, `dict(by_epoch=False, max_iters=…)`, or a loop by its `type`.
    - `auto_scale_lr`: `dict(enable=True, base_batch_size=…)`.
    - `param_scheduler`: one or several; a dict without `type` gives each optimizer its own.
    - `default_hooks`, `custom_hooks`: see `register_default_hooks`.
    - `load_from`, `resume`: weights to begin with; with `resume` training goes on from there, or from the last
      checkpoint in `work_dir`.
    - `launcher`: 'none', 'pytorch', 'slurm' or 'mpi'; `env_cfg`: `cudnn_benchmark`, `mp_cfg`, `dist_cfg`.
    - `randomness`: `seed`, `diff_rank_seed`, `deterministic`.
    - `cfg`: the whole config, kept in logs and checkpoints; also holds `model_wrapper_cfg`, `sync_bn`, `compile`,
      `activation_checkpointing`, `efficient_conv_bn_eval`.
    """

    def __init__(
        self,
        model: nn.Module | dict[str, Any],
        work_dir: str,
        train_dataloader: DataLoader[Any] | dict[str, Any] | None = None,
        val_dataloader: DataLoader[Any] | dict[str, Any] | None = None,
        test_dataloader: DataLoader[Any] | dict[str, Any] | None = None,
        train_cfg: dict[str, Any] | BaseLoop | None = None,
        val_cfg: dict[str, Any] | BaseLoop | None = None,
        test_cfg: dict[str, Any] | BaseLoop | None = None,
        auto_scale_lr: dict[str, Any] | None = None,
        optim_wrapper: OptimWrapper | dict[str, Any] | None = None,
        param_scheduler: Any = None,
        val_evaluator: Any = None,
        test_evaluator: Any = None,
        default_hooks: dict[str, Any] | None = None,
        custom_hooks: list[Any] | None = None,
        data_preprocessor: nn.Module | dict[str, Any] | None = None,
        load_from: str | None = None,
        resume: bool = False,
        launcher: str = "none",
        env_cfg: dict[str, Any] | None = None,
        log_processor: Any = None,
        log_level: str = "INFO",
        visualizer: Any = None,
        default_scope: str | None = "mmengine",
        randomness: dict[str, Any] | None = None,
        experiment_name: str | None = None,
        cfg: ConfigType | None = None,
    ) -> None:
        HookRegister.__init__(self)
        self._work_dir = str(Path(work_dir).absolute())
        Path(self._work_dir).mkdir(parents=True, exist_ok=True)
        self.cfg = copy.deepcopy(cfg) if isinstance(cfg, Config) else Config(dict(cfg or {}))
        _all_or_none(train_dataloader=train_dataloader, train_cfg=train_cfg, optim_wrapper=optim_wrapper)
        _all_or_none(val_dataloader=val_dataloader, val_cfg=val_cfg, val_evaluator=val_evaluator)
        _all_or_none(test_dataloader=test_dataloader, test_cfg=test_cfg, test_evaluator=test_evaluator)
        if param_scheduler is not None and optim_wrapper is None:
            raise ValueError("param_scheduler should be None when optim_wrapper is None: it has nothing to act on")
        check_scheduler_config(param_scheduler)
        self._train_dataloader, self._train_loop = train_dataloader, train_cfg
        self._val_dataloader, self._val_loop, self._val_evaluator = val_dataloader, val_cfg, val_evaluator
        self._test_dataloader, self._test_loop, self._test_evaluator = test_dataloader, test_cfg, test_evaluator
        self.optim_wrapper = optim_wrapper
        self.auto_scale_lr = auto_scale_lr
        self.param_schedulers = param_scheduler
        self._launcher = launcher
        self._distributed = launcher != "none"
        self._load_from, self._resume, self._has_loaded = load_from, resume, False
        self._set_up(env_cfg or {"dist_cfg": {"backend": "nccl"}}, dict(randomness or {"seed": None}))
        self._open_log(experiment_name, default_scope, log_processor, log_level, visualizer)
        if isinstance(model, dict) and data_preprocessor is not None:
            model.setdefault("data_preprocessor", data_preprocessor)
        self.model = self.wrap_model(self.cfg.get("model_wrapper_cfg"), self.build_model(model))
        self._model_name = type(self._bare_model()).__name__
        self.register_hooks(default_hooks, custom_hooks)
        self.logger.info(f"Hooks will be executed in the following order:\n{self.get_hooks_info()}")
        self.dump_config()

    @classmethod
    def from_cfg(cls, cfg: ConfigType) -> Runner:
        """The runner for a whole config; `work_dir` and `model` must be in it."""
        cfg = copy.deepcopy(cfg)
        for needed in ("model", "work_dir"):
            if cfg.get(needed) is None:
                raise KeyError(f"the config has no {needed!r}, which the runner needs")
        names = [name for name in inspect.signature(Runner.__init__).parameters if name not in ("self", "cfg")]
        given: dict[str, Any] = {name: cfg.get(name) for name in names if cfg.get(name) is not None}
        if "default_scope" in cfg:  # here None has a meaning of its own
            given["default_scope"] = cfg.get("default_scope")
        return cls(**given, cfg=cfg)

    def _set_up(self, env_cfg: dict[str, Any], randomness: dict[str, Any]) -> None:
        self._env_cfg = env_cfg
        self.setup_env(env_cfg)
        self._rank, self._world_size = get_dist_info()
        self._timestamp = shared_timestamp()
        self._randomness_cfg = randomness
        self.set_randomness(**randomness)

    def setup_env(self, env_cfg: dict[str, Any]) -> None:
        setup_environment(env_cfg, self._launcher)

    def set_randomness(self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False) -> None:
        self._deterministic = deterministic
        self._seed = set_random_seed(seed=seed, deterministic=deterministic, diff_rank_seed=diff_rank_seed)

    def _open_log(
        self, experiment_name: str | None, scope: str | None, log_processor: Any, log_level: str, visualizer: Any
    ) -> None:
        name = experiment_name or (Path(self.cfg.filename).stem if self.cfg.filename else None)
        self._experiment_name = _unused_name(self._timestamp if name is None else f"{name}_{self._timestamp}")
        self._log_dir = str(Path(self._work_dir) / self._timestamp)
        Path(self._log_dir).mkdir(parents=True, exist_ok=True)
        self.default_scope: Any = scope
        if scope is not None:
            self.default_scope = DefaultScope.get_instance(self._experiment_name, scope_name=scope)
        self.log_processor = self.build_log_processor({} if log_processor is None else log_processor)
        self.logger = self.build_logger(log_level=log_level)
        self._log_env(self._env_cfg)
        known = inspect.signature(Runner.__init__).parameters
        for message in unread_key_messages(self.cfg.keys(), known):
            self.logger.warning(message)
        if len(self.cfg):
            self.logger.info(f"Config:\n{self.cfg.pretty_text}")
        self.message_hub = self.build_message_hub()
        self.visualizer = self.build_visualizer(visualizer)
        if len(self.cfg):
            self.visualizer.add_config(self.cfg)

    def _log_env(self, env_cfg: dict[str, Any]) -> None:
        """Writes to the log what the run runs on."""
        settings = {
            **env_cfg,
            **self._randomness_cfg,
            "seed": self._seed,
            "Distributed launcher": self._launcher,
            "Distributed training": self._distributed,
            "GPU number": self._world_size,
        }
        self.logger.info(describe_environment(settings))

    def wrap_model(self, model_wrapper_cfg: dict[str, Any] | None, model: nn.Module) -> nn.Module:
        """The model on its device; in distributed training inside its wrapper."""
        if is_model_wrapper(model):
            if model_wrapper_cfg is not None:
                raise TypeError(f"model has been wrapped, as a {type(model).__name__}: leave out model_wrapper_cfg")
            return model
        model = model.to(get_device())
        if not self._distributed:
            self.logger.info(
                "Distributed training is not used, all SyncBatchNorm (SyncBN) layers in the model will be "
                "automatically reverted to BatchNormXd layers if they are used."
            )
            return revert_sync_batchnorm(model)
        sync_bn = self.cfg.get("sync_bn")
        if sync_bn is not None:
            model = convert_sync_batchnorm(model, sync_bn)
        cfg = dict(model_wrapper_cfg or {"find_unused_parameters": self.cfg.get("find_unused_parameters", False)})
        if model_wrapper_cfg is None:
            cfg["broadcast_buffers"] = False
        cfg.setdefault("type", "MMDistributedDataParallel")
        own: dict[str, Any] = {"module": model}
        kind = MODEL_WRAPPERS.get(cfg["type"]) if isinstance(cfg["type"], str) else cfg["type"]
        if isinstance(kind, type) and issubclass(kind, DistributedDataParallel) and torch.cuda.is_available():
            own["device_ids"] = [int(os.environ["LOCAL_RANK"])]
        wrapped: nn.Module = MODEL_WRAPPERS.build(cfg, default_args=own)
        return wrapped

    def _init_model_weights(self) -> None:
        model = self._bare_model()
        # Sharded weights were initialized while they were whole.
        if hasattr(model, "init_weights") and not is_sharded(model):
            model.init_weights()
            if self._world_size > 1:
                for weights in model.state_dict().values():
                    broadcast(weights)

    def train(self) -> nn.Module:
        """Trains, and returns the model."""
        model = self._bare_model()
        self._needs(model, "train_step", "train")
        if self._train_loop is None:
            raise RuntimeError(
                "`self._train_loop` should not be None: set train_dataloader, train_cfg and optim_wrapper"
            )
        if self._val_loop is not None:
            self._needs(model, "val_step", "validate")
        self._train_loop = self.build_train_loop(self._train_loop)
        self.optim_wrapper = self.build_optim_wrapper(self.optim_wrapper)
        self.scale_lr(self.optim_wrapper, self.auto_scale_lr)
        if self.param_schedulers is not None:
            self.param_schedulers = self.build_param_scheduler(self.param_schedulers)
        if self._val_loop is not None:
            self._val_loop = self.build_val_loop(self._val_loop)
        self.call_hook("before_run")
        self._init_model_weights()
        turn_on_options(self.cfg, self._bare_model(), self.logger)
        self.load_or_resume()
        loop: Any = self._train_loop
        self.optim_wrapper.initialize_count_status(self.model, loop.iter, loop.max_iters)
        self._maybe_compile("train_step")
        trained: nn.Module = loop.run()
        self.call_hook("after_run")
        return trained

    def val(self) -> dict[str, Any]:
        """Validates, and returns the metrics."""
        if self._val_loop is None:
            raise RuntimeError("`self._val_loop` should not be None: give val_dataloader, val_cfg and val_evaluator")
        self._val_loop = self.build_val_loop(self._val_loop)
        return self._evaluate(self._val_loop)

    def test(self) -> dict[str, Any]:
        """Tests, and returns the metrics."""
        if self._test_loop is None:
            raise RuntimeError("`self._test_loop` should not be None: set test_dataloader, test_cfg and test_evaluator")
        self._test_loop = self.build_test_loop(self._test_loop)
        return self._evaluate(self._test_loop)

    def _evaluate(self, loop: BaseLoop) -> dict[str, Any]:
        self.call_hook("before_run")
        self.load_or_resume()
        metrics: dict[str, Any] = loop.run()
        self.call_hook("after_run")
        return metrics

    @staticmethod
    def _needs(model: Any, method: str, purpose: str) -> None:
        if not hasattr(model, method):
            raise ArgumentTypeError(
                f"If you want to {purpose} your model, {type(model).__name__} needs {method}; see BaseModel"
            )

    def _maybe_compile(self, target: str) -> None:
        options = self.cfg.get("compile")
        if options is None or options is False:
            return
        if options is not True and not isinstance(options, dict):
            raise ArgumentTypeError(f"compile must be True, False or a dict, got {options!r}")
        compiled = torch.compile(getattr(self.model, target), **({} if options is True else options))
        setattr(self.model, target, compiled)
        self.logger.info("Model has been compiled: the first few iterations will be slow.")

    def dump_config(self) -> None:
        """Writes the config to the work folder, in process 0."""
        if self._rank == 0:
            name = Path(self.cfg.filename).name if self.cfg.filename else f"{self._timestamp}.py"
            self.cfg.dump(str(Path(self._work_dir) / name))


def _unused_name(name: str) -> str:
    """The name, numbered if another run of this process has it: two within a second would share histories and log."""
    number, numbered = 1, name
    while MessageHub.check_instance_created(numbered):
        number += 1
        numbered = f"{name}-{number}"
    return numbered


def _all_or_none(**given: Any) -> None:
    missing = [name for name, value in given.items() if value is None]
    if missing and len(missing) < len(given):
        present = [name for name in given if name not in missing]
        raise ValueError(
            f"{', '.join(given)} should be either all None or not None, but only {', '.join(present)} is given, not "
            f"{', '.join(missing)}"
        )
