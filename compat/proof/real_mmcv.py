"""One run of the proof in real mmcv 1.x: `python -m mmmigrate.compat.proof.real_mmcv SPEC.json` in its environment.

mmcv has no command that trains: model, data, runner and hooks are put together here as the codebases' scripts do it,
with the codebase's own `build_dataset` and `build_dataloader` where it has them.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import torch
from torch.utils.data import ConcatDataset, DataLoader
from torch.utils.data.distributed import DistributedSampler

from mmmigrate.compat.adapters.lookup import v2_registries
from mmmigrate.compat.dist import end_process, get_dist_info
from mmmigrate.compat.proof.engine import join, prepared, recorded, recorder_for
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.proof.start import hand_out, reseed, starting_hook, without_sleeping

_MODEL_REGISTRIES = ("model", "models", "detector", "segmentor", "classifier", "recognizer", "posenet", "editor")


def run(spec: EngineSpec, channel: TextIO) -> None:
    """Trains `spec.config` in real mmcv and records it; says on `channel` that the initial weights are there."""
    mmcv, mmcv_runner = importlib.import_module("mmcv"), importlib.import_module("mmcv.runner")
    without_sleeping("mmcv.runner.epoch_based_runner", "mmcv.runner.iter_based_runner")
    config = mmcv.Config.fromfile(spec.config)
    join(spec)
    reseed(spec.seed)
    runner, loaders, workflow = _training(config, spec, mmcv_runner)

    def start(runner: Any) -> None:
        hand_out(runner.model, Path(spec.weights), channel)
        reseed(spec.seed)

    recorder = recorder_for(spec, mmcv_runner.Hook, f"mmcv {mmcv.__version__}")
    for loader, (mode, _) in zip(loaders, workflow):
        if mode == "train":
            recorder.watch_data(loader)
    runner.register_hook(starting_hook(mmcv_runner.Hook, "before_run", start), priority="HIGHEST")
    runner.register_hook(recorder, priority="LOWEST")
    recorded(recorder, lambda: runner.run(loaders, workflow))


def _training(config: Any, spec: EngineSpec, mmcv_runner: Any) -> tuple[Any, list[Any], list[tuple[str, int]]]:
    """The runner with its hooks, and what its `run` is given."""
    model = _model(config)
    # the codebases' scripts load every phase, also one on the val data, as they load the training data
    workflow = [(mode, length) for mode, length in config.get("workflow", [("train", 1)])]
    loaders = [_loader(config, "train", _phase(config, mode), spec.seed) for mode, _ in workflow]
    parallel = _wrapped(model, config)
    parts = {
        "model": parallel, "optimizer": mmcv_runner.build_optimizer(parallel, config.optimizer)
        if "type" in config.optimizer else _several(mmcv_runner, model, config.optimizer),
        "work_dir": spec.work_dir, "logger": logging.getLogger("mmmigrate"), "meta": {"seed": spec.seed},
    }  # fmt: skip
    runner = mmcv_runner.build_runner(_runner(config), default_args=parts)
    runner.register_training_hooks(
        config.get("lr_config"), _optimizer_config(config, mmcv_runner), config.get("checkpoint_config"),
        config.get("log_config"), config.get("momentum_config"), custom_hooks_config=config.get("custom_hooks"),
    )  # fmt: skip
    by_epoch = isinstance(runner, mmcv_runner.EpochBasedRunner)
    if spec.world_size > 1 and by_epoch:
        runner.register_hook(mmcv_runner.DistSamplerSeedHook())
    if config.data.get("val") is not None and config.get("evaluation", {}) is not None:
        hook = mmcv_runner.DistEvalHook if spec.world_size > 1 else mmcv_runner.EvalHook
        options = {**config.get("evaluation", {}), "by_epoch": by_epoch}
        runner.register_hook(hook(_loader(config, "val", _evaluated(config), None), **options), priority="LOW")
    return runner, loaders, workflow


def _registered(name: str, kinds: tuple[str, ...]) -> tuple[Any, Any]:
    """The registry of one of these kinds that holds `name`, and what is registered there."""
    for registry in v2_registries():
        found = registry.module_dict.get(name.rpartition(".")[2]) if registry.name in kinds else None
        if found is not None:
            return registry, found
    raise KeyError(f"{name} is in no registry of mmcv called {' or '.join(kinds)}: name its module in custom_imports")


def _model(config: Any) -> Any:
    registry, _ = _registered(config.model["type"], _MODEL_REGISTRIES)
    older = {name: config.get(name) for name in ("train_cfg", "test_cfg") if config.get(name) is not None}
    model = registry.build({**older, **config.model})
    if hasattr(model, "init_weights"):
        model.init_weights()
    return model


def _wrapped(model: Any, config: Any) -> Any:
    parallel = importlib.import_module("mmcv.parallel")
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    model = model.cuda() if devices else model
    if get_dist_info()[1] == 1:
        return parallel.MMDataParallel(model, device_ids=devices)
    unused = config.get("find_unused_parameters", False)
    distributed = parallel.MMDistributedDataParallel(
        model, device_ids=devices or None, broadcast_buffers=False, find_unused_parameters=unused
    )
    # mmcv 1.7 asks for what torch had from 1.12 to 2.0
    distributed.__dict__.setdefault("_use_replicated_tensor_module", False)
    return distributed


def _several(mmcv_runner: Any, model: Any, optimizers: Any) -> dict[str, Any]:
    return {name: mmcv_runner.build_optimizer(getattr(model, name), part) for name, part in optimizers.items()}


def _runner(config: Any) -> dict[str, Any]:
    if config.get("runner") is not None:
        return dict(config.runner)
    if config.get("total_epochs") is not None:
        return {"type": "EpochBasedRunner", "max_epochs": config.total_epochs}
    return {"type": "IterBasedRunner", "max_iters": config.total_iters}


def _optimizer_config(config: Any, mmcv_runner: Any) -> Any:
    options, fp16 = config.get("optimizer_config"), config.get("fp16")
    if fp16 is not None:
        return mmcv_runner.Fp16OptimizerHook(**(options or {}), **fp16, distributed=get_dist_info()[1] > 1)
    if options is not None and "type" not in options:
        return mmcv_runner.OptimizerHook(**options)
    return options


def _own(dataset_type: str, name: str) -> Callable[..., Any] | None:
    """The codebase's function of that name: of the package that the data set's class comes from."""
    _, found = _registered(dataset_type, ("dataset", "datasets"))
    package = found.__module__.partition(".")[0]
    modules = [module for key, module in sorted(sys.modules.items()) if key.partition(".")[0] == package]
    functions = [getattr(module, name) for module in modules if inspect.isfunction(getattr(module, name, None))]
    return functions[0] if functions else None


def _dataset(given: Any, **extra: Any) -> Any:
    """A data set as the codebase builds it; a list gives their concatenation."""
    if isinstance(given, (list, tuple)):
        return ConcatDataset([_dataset(each, **extra) for each in given])
    build = _own(given["type"], "build_dataset")
    if build is not None:
        return build({**given, **extra})
    return _registered(given["type"], ("dataset", "datasets"))[0].build({**given, **extra})


def _phase(config: Any, mode: str) -> Any:
    """The data of a phase; a val phase computes the loss, so it needs the pipeline of training."""
    given = copy.deepcopy(config.data[mode])
    if mode == "val" and "pipeline" in given:
        train = config.data["train"]
        while "pipeline" not in train and "dataset" in train:
            train = train["dataset"]
        given["pipeline"] = copy.deepcopy(train["pipeline"])
        if given.get("test_mode"):
            given["test_mode"] = False
    return _dataset(given)


def _evaluated(config: Any) -> Any:
    given = {key: value for key, value in config.data["val"].items() if key != "samples_per_gpu"}
    _, found = _registered(given["type"], ("dataset", "datasets"))
    takes_mode = "test_mode" in inspect.signature(found).parameters
    return _dataset(given, **({"test_mode": True} if takes_mode else {}))


def _loader(config: Any, split: str, dataset: Any, seed: int | None) -> Any:
    data, training = config.data, split == "train"
    options = {name: data[name] for name in ("workers_per_gpu", "pin_memory", "persistent_workers") if name in data}
    if training:
        options.update({name: data[name] for name in ("samples_per_gpu", "shuffle", "drop_last") if name in data})
    else:
        options.update(shuffle=False, samples_per_gpu=data[split].get("samples_per_gpu", 1))
    options.update(data.get(f"{split}_dataloader", {}))
    given = data[split]
    first = given[0] if isinstance(given, (list, tuple)) else given
    own = _own(first["type"], "build_dataloader")
    rank, processes = get_dist_info()
    if own is not None:
        return own(dataset, dist=processes > 1, seed=seed, **options)
    per_gpu, workers = options.pop("samples_per_gpu", 1), options.pop("workers_per_gpu", 0)
    shuffle = options.pop("shuffle", True)
    sampler: Any = None
    if processes > 1:
        sampler = DistributedSampler(dataset, processes, rank, shuffle=shuffle, seed=seed or 0)
    collate = partial(importlib.import_module("mmcv.parallel").collate, samples_per_gpu=per_gpu)
    shuffle = shuffle and sampler is None
    keep = options.pop("persistent_workers", False) and workers > 0
    return DataLoader(dataset, per_gpu, shuffle=shuffle, sampler=sampler, num_workers=workers, collate_fn=collate,
                      persistent_workers=keep, **options)  # fmt: skip


if __name__ == "__main__":
    spec, _, writing = prepared(sys.argv[1:])
    run(spec, writing)
    end_process()
