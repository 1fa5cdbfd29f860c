"""A training run from a config: everything built and registered in the order of the v2 codebases' own tools."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.compat.registry.build import call_with_context
from mmmigrate.runtime_v2 import project_registries
from mmmigrate.runtime_v2.config import Config
from mmmigrate.runtime_v2.config_checks import (
    check_evaluation,
    check_length,
    check_loader,
    checked_workflow,
    likely_mistakes,
)
from mmmigrate.runtime_v2.data import build_dataloader, build_dataset, build_test_dataset, loader_options
from mmmigrate.runtime_v2.dist import get_dist_info
from mmmigrate.runtime_v2.hooks import DistEvalHook, DistSamplerSeedHook, EvalHook, Fp16OptimizerHook, OptimizerHook
from mmmigrate.runtime_v2.logs import get_logger, logger_initialized
from mmmigrate.runtime_v2.models import build_model
from mmmigrate.runtime_v2.optim import build_optimizers
from mmmigrate.runtime_v2.parallel import MMDataParallel, MMDistributedDataParallel
from mmmigrate.runtime_v2.process import set_up_process
from mmmigrate.runtime_v2.runner import EpochBasedRunner, build_runner, get_time_str, set_random_seed
from mmmigrate.runtime_v2.runner.resume_points import ResumePoints, in_use, newest

LOGGER = "mmmigrate"


@dataclass
class Training:
    """A run that is ready: register more hooks on `runner`, then `run()`."""

    runner: Any
    model: nn.Module
    data_loaders: list[Any]
    workflow: list[tuple[str, int]]
    cfg: Config = field(repr=False)

    def run(self) -> None:
        """Train to the end."""
        self.runner.run(self.data_loaders, self.workflow)


def build_training(
    cfg: Config,
    *,
    work_dir: str | None = None,
    seed: int | None = None,
    deterministic: bool = False,
    validate: bool = True,
    resume_from: str | None = None,
    auto_resume: bool = False,
    meta: Mapping[str, Any] | None = None,
) -> Training:
    """Build model, data, optimizer, runner and hooks from a v2 config.

    The seed is set before the model is built, then `init_weights()` is called if the model has it. With `validate`,
    `data.val` is evaluated unless the config says `evaluation=None`. A checkpoint to resume comes from `resume_from`,
    with `auto_resume` from the latest in the work directory, or from the config; `load_from` gives weights only.
    Processes of a distributed run must have joined (`init_dist`) before.
    """
    cfg = copy.deepcopy(cfg)
    project_registries.install()
    set_up_process(cfg)
    work_dir = work_dir or cfg.get("work_dir") or str(Path("work_dirs") / Path(cfg.filename or "run").stem)
    Path(work_dir).mkdir(parents=True, exist_ok=True)
    seed = cfg.get("seed") if seed is None else seed
    timestamp = get_time_str()
    logger = _run_logger(work_dir, timestamp, cfg.get("log_level", "INFO"))
    if seed is not None:
        set_random_seed(seed, deterministic=deterministic)
    for mistake in likely_mistakes(cfg):
        logger.warning(mistake)
    model = _built_model(cfg)
    workflow = checked_workflow(cfg)
    # the codebases' tools load every phase, also one on the val data, as they load the training data
    options = loader_options(cfg.data, "train")
    check_loader(options)
    loaders = [build_dataloader(_phase_dataset(cfg, mode), seed=seed, **options) for mode, _ in workflow]
    settings = {
        "model": model,
        "optimizer": build_optimizers(model, cfg.optimizer),
        "work_dir": work_dir,
        "logger": logger,
        "meta": {**_meta(cfg, seed, loaders[0].dataset), **(meta or {})},
    }
    runner = build_runner(_runner_cfg(cfg), default_args=settings)
    runner.timestamp = timestamp
    _register_hooks(runner, cfg)
    # without the key, the codebases evaluate as well, every epoch or iteration; None says no
    if validate and cfg.data.get("val") is not None and cfg.get("evaluation", {}) is not None:
        _register_evaluation(runner, cfg)
    _take_up(runner, cfg, work_dir, resume_from, auto_resume)
    return Training(runner, model, loaders, workflow, cfg)


def _built_model(cfg: Config) -> nn.Module:
    """The model with its initial weights, on its device and in its wrapper."""
    model: Any = build_model(_model_cfg(cfg))
    if hasattr(model, "init_weights"):
        model.init_weights()
    return _on_device(model, cfg)


def _model_cfg(cfg: Config) -> dict[str, Any]:
    model = dict(cfg.model)
    # the oldest configs give these beside the model
    for name in ("train_cfg", "test_cfg"):
        if cfg.get(name) is not None and name not in model:
            model[name] = cfg[name]
    return model


def _phase_dataset(cfg: Config, mode: str) -> Any:
    if mode not in cfg.data:
        raise MissingKeyError(f"the workflow has a '{mode}' phase, but data has no '{mode}': {cfg.filename}")
    dataset = copy.deepcopy(cfg.data[mode])
    if mode == "val" and isinstance(dataset, dict) and "pipeline" in dataset:
        # a val phase computes the loss, so its samples need what training's have
        train = cfg.data["train"]
        while isinstance(train, dict) and "pipeline" not in train and "dataset" in train:
            train = train["dataset"]
        dataset["pipeline"] = copy.deepcopy(train["pipeline"])
        if dataset.get("test_mode", False):
            dataset["test_mode"] = False
    return build_dataset(dataset)


def _on_device(model: nn.Module, cfg: Config) -> nn.Module:
    _, world_size = get_dist_info()
    on_gpu = torch.cuda.is_available()
    if world_size > 1 or torch.distributed.is_initialized():
        device = [torch.cuda.current_device()] if on_gpu else None
        return MMDistributedDataParallel(
            model.cuda() if on_gpu else model,
            device_ids=device,
            broadcast_buffers=False,
            find_unused_parameters=cfg.get("find_unused_parameters", False),
        )
    return MMDataParallel(model.cuda(), device_ids=[torch.cuda.current_device()]) if on_gpu else MMDataParallel(model)


def _runner_cfg(cfg: Config) -> dict[str, Any]:
    """The config's `runner`, or what the older `total_epochs` and `total_iters` mean."""
    if cfg.get("runner") is not None:
        return check_length(dict(cfg.runner), cfg.filename)
    if cfg.get("total_epochs") is not None:
        return check_length({"type": "EpochBasedRunner", "max_epochs": cfg.total_epochs}, cfg.filename)
    if cfg.get("total_iters") is not None:
        return check_length({"type": "IterBasedRunner", "max_iters": cfg.total_iters}, cfg.filename)
    raise MissingKeyError(f"{cfg.filename} has neither runner nor total_epochs nor total_iters: how long is the run?")


def _meta(cfg: Config, seed: int | None, dataset: Any) -> dict[str, Any]:
    name = Path(cfg.filename).name if cfg.filename else "run"
    meta: dict[str, Any] = {"config": cfg.pretty_text, "seed": seed, "exp_name": name}
    if getattr(dataset, "CLASSES", None) is not None:
        meta["CLASSES"] = dataset.CLASSES
    return meta


def _register_hooks(runner: Any, cfg: Config) -> None:
    runner.register_training_hooks(
        cfg.get("lr_config"),
        _optimizer_config(cfg),
        cfg.get("checkpoint_config"),
        cfg.get("log_config"),
        cfg.get("momentum_config"),
        custom_hooks_config=cfg.get("custom_hooks"),
    )
    if torch.distributed.is_initialized() and isinstance(runner, EpochBasedRunner):
        runner.register_hook(DistSamplerSeedHook())


def _optimizer_config(cfg: Config) -> Any:
    options = cfg.get("optimizer_config")
    fp16 = cfg.get("fp16")
    if fp16 is not None:
        distributed = torch.distributed.is_initialized()
        arguments = {**(options or {}), **fp16, "distributed": distributed}
        return call_with_context(Fp16OptimizerHook, arguments)
    if options is not None and "type" not in options:
        return call_with_context(OptimizerHook, options)
    return options


def _register_evaluation(runner: Any, cfg: Config) -> None:
    dataset = build_test_dataset(cfg.data["val"])
    loader = build_dataloader(dataset, seed=None, **loader_options(cfg.data, "val"))
    options = dict(cfg.get("evaluation", {}))
    # counted as the runner counts, whatever the config says, as all v2 codebases do
    options["by_epoch"] = isinstance(runner, EpochBasedRunner)
    check_evaluation(options, dataset)
    hook = DistEvalHook if torch.distributed.is_initialized() else EvalHook
    runner.register_hook(hook(loader, **options), priority="LOW")


def _take_up(runner: Any, cfg: Config, work_dir: str, resume_from: str | None, auto_resume: bool) -> None:
    resume_from = resume_from or cfg.get("resume_from")
    if resume_from is None and (auto_resume or cfg.get("auto_resume", False)):
        resume_from = find_latest_checkpoint(work_dir)
    runner.resume_points = points = ResumePoints(work_dir, runner.rank)
    if resume_from is not None:
        runner.resume(resume_from)
        if not points.take_up(runner, resume_from):
            runner.logger.warning(f"{resume_from} has no resume point: what is drawn at random will differ")
    elif cfg.get("load_from") is not None:
        runner.load_checkpoint(cfg.load_from)


def find_latest_checkpoint(work_dir: str, suffix: str = "pth") -> str | None:
    """The checkpoint to go on from; None if there is none.

    If the folder's run wrote resume points, it is the newest checkpoint that has one, which the run continues exactly.
    Else it is `latest` if there is one, or that with the highest number.
    """
    folder = Path(work_dir)
    if in_use(work_dir):
        return newest(work_dir)
    latest = folder / f"latest.{suffix}"
    if latest.exists():
        return str(latest)
    numbered = [(int(number), path) for path in folder.glob(f"*_*.{suffix}") if (number := _number(path)).isdigit()]
    return str(max(numbered)[1]) if numbered else None


def _number(path: Path) -> str:
    return "" if path.name.startswith("best_") else path.stem.rpartition("_")[2]


def _run_logger(work_dir: str, timestamp: str, level: str) -> logging.Logger:
    """The run's logger; a new run in the same process closes the files of the one before."""
    logger = logging.getLogger(LOGGER)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger_initialized.pop(LOGGER, None)
    return get_logger(LOGGER, str(Path(work_dir) / f"{timestamp}.log"), level)
