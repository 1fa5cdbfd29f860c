"""Runs in the environment of mmengine 0.10.7, with mmmigrate on its path: the same for the converted configs.

python real_mmengine.py CASES.json OUT ITERS_PER_EPOCH [HOOKS_OF_THE_CODEBASE.py …]
"""

import copy
import json
import logging
import sys
import tempfile
from pathlib import Path

import mmengine.optim.optimizer.amp_optimizer_wrapper as amp
import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import CheckpointHook
from mmengine.model import BaseModel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, HOOKS, METRICS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS, PARAM_SCHEDULERS
from mmengine.runner import Runner
from torture import Given, groups_with, load_files, named, parts_of, rates_of, torture_model, unmarked

amp.is_cuda_available = lambda: True  # only what it is built with is looked at
amp.GradScaler = Given
logging.disable(logging.CRITICAL)


@MODELS.register_module()
class Tiny(BaseModel):
    def __init__(self):
        super().__init__()
        for name in ("layer", "generator", "discriminator", "generators", "discriminators", "backbone", "head", "disc"):
            self.add_module(name, torch.nn.Linear(1, 1))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return {}


@DATASETS.register_module()
class Numbers(torch.utils.data.Dataset):
    def __init__(self, length):
        self.length, self.metainfo = length, {}

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return index


@METRICS.register_module()
class Nothing(BaseMetric):
    def process(self, data_batch, data_samples): ...

    def compute_metrics(self, results):
        return {}


def course(v2, v3, length):
    """Rates and momenta of two groups of each optimizer at every iteration, shape (iterations, groups, 2)."""
    loop = v3["train_cfg"]
    epochs = loop.get("max_epochs")
    total = epochs * length if epochs else loop["max_iters"]
    optimizers = {name: groups_with(part) for name, part in parts_of(v2).items()}
    schedulers = []
    for name, optimizer in optimizers.items():
        given = v3["param_scheduler"]
        for config in given[name] if isinstance(given, dict) else given:
            schedulers.append(scheduler_for(dict(config, optimizer=optimizer), epochs, total, length))
    values = np.empty((total, 2 * len(optimizers), 2))
    for i in range(total):
        values[i] = rates_of(optimizers)
        for scheduler in schedulers:
            if not scheduler.by_epoch or (epochs and (i + 1) % length == 0):
                scheduler.step()
    return values


def scheduler_for(config, epochs, total, length):
    if config.pop("convert_to_iter_based", False):
        return PARAM_SCHEDULERS.get(config.pop("type")).build_iter_from_epoch(epoch_length=length, **config)
    config.setdefault("end", epochs if config.get("by_epoch", True) else total)
    return PARAM_SCHEDULERS.build(config)


def runner_for(v3, length, folder):
    """A real Runner of the converted config around a model, data and metric of our own; None for unknown optimizers."""
    config = copy.deepcopy(v3)
    left_out = []
    for place in ("default_hooks", "custom_hooks"):
        entries = config.get(place) or ({} if place == "default_hooks" else [])
        items = list(entries.items()) if isinstance(entries, dict) else list(enumerate(entries))
        for key, hook in reversed(items):
            kind = hook.get("type", "(none)") if isinstance(hook, dict) else "."
            if "." not in kind and kind not in HOOKS.module_dict:
                left_out.append(kind)  # a class of the codebase
                del entries[key]
    for wrapper in wrappers_of(config["optim_wrapper"]).values():
        if wrapper["optimizer"]["type"] not in OPTIMIZERS.module_dict:  # a class of the codebase
            kept = {key: wrapper["optimizer"][key] for key in ("lr", "weight_decay") if key in wrapper["optimizer"]}
            wrapper["optimizer"] = {"type": "AdamW", **kept}
            if "Regex" in wrapper.get("constructor", ""):
                del wrapper["constructor"], wrapper["paramwise_cfg"]
        constructor = wrapper.get("constructor", ".")
        if "." not in constructor and constructor not in OPTIM_WRAPPER_CONSTRUCTORS.module_dict:
            del wrapper["constructor"]  # it knows what the optimizer does not
            wrapper.pop("paramwise_cfg", None)
            own = ("type", "lr", "weight_decay", "momentum", "betas")
            wrapper["optimizer"] = {k: v for k, v in wrapper["optimizer"].items() if k in own}
    for scheduler in config["param_scheduler"]:
        if "." not in scheduler["type"] and PARAM_SCHEDULERS.get(scheduler["type"]) is None:
            return None, [*left_out, scheduler["type"]]
    val = config.pop("val_cfg", None)
    config.pop("visualizer", None)
    config.pop("env_cfg", None)
    in_order = {"type": "DefaultSampler", "shuffle": False}
    numbers = {"type": "Numbers", "length": length}
    if "phase_dataloader" in config["train_cfg"]:
        config["train_cfg"]["phase_dataloader"] = {"dataset": numbers, "batch_size": 1, "sampler": in_order}
    config["train_dataloader"] = {"dataset": numbers, "batch_size": 1, "sampler": in_order}
    if val:
        loader = copy.deepcopy(config["train_dataloader"])
        config.update(val_cfg=val, val_dataloader=loader, val_evaluator={"type": "Nothing"})
    runner = Runner(Tiny(), folder, experiment_name=Path(folder).name, **config)
    return runner, left_out


def wrappers_of(optim_wrapper):
    """The wrappers by name; a single one has the name ''."""
    if "optimizer" in optim_wrapper:
        return {"": optim_wrapper}
    return {name: part for name, part in optim_wrapper.items() if isinstance(part, dict)}


def events(runner):
    """[what, after how many epochs or iterations], evaluations and checkpoints, in order."""
    seen = []
    loop = runner.build_train_loop(runner._train_loop)
    runner._train_loop = loop
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.param_schedulers = runner.build_param_scheduler(runner.param_schedulers)
    if runner._val_loop is not None:
        runner._val_loop = runner.build_val_loop(runner._val_loop)
        runner._val_loop.run = lambda: seen.append(["evaluation", loop.epoch if by_epoch else loop.iter])
    by_epoch = not hasattr(loop, "dataloader_iterator")
    saving = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
    for hook in saving:
        by = "epoch" if hook.by_epoch else "iter"
        hook._save_checkpoint = lambda runner, by=by: seen.append(["checkpoint", getattr(runner, by) + 1])

    def call(stage, **kwargs):
        if stage in ("after_train_epoch", "after_train_iter"):
            for hook in saving:
                getattr(hook, stage)(runner, **kwargs)

    def step(*batch):
        if not by_epoch or loop.iter % len(loop.dataloader) == 0:
            call("after_train_iter", batch_idx=loop.iter)
        loop._iter += 1

    runner.call_hook = call
    runner.model.train = lambda mode=True: None
    loop.run_iter = step
    if not by_epoch:
        loop.dataloader_iterator = type("Endless", (), {"__next__": lambda self: None, "__iter__": lambda self: self})()
    loop.run()
    return seen


def stepping(v2, wrapper):
    if "" not in parts_of(v2) or v2.get("optimizer_config") is None:
        return None
    scale = None
    if type(wrapper).__name__ == "AmpOptimWrapper":
        scale = [wrapper._scale_update_param, wrapper.loss_scaler.given]
    clip = None
    if wrapper.clip_grad_kwargs:
        clip = {**wrapper.clip_grad_kwargs}
    return {"clip": clip, "accumulation": wrapper._accumulative_counts, "scale": scale}


def param_groups(v3):
    return {name: groups_of_one(wrapper) for name, wrapper in wrappers_of(copy.deepcopy(v3["optim_wrapper"])).items()}


def groups_of_one(config):
    constructor = config.get("constructor", "DefaultOptimWrapperConstructor")
    if "." not in constructor and constructor != "DefaultOptimWrapperConstructor":
        return None  # a class that needs the codebase's models
    options = config.get("paramwise_cfg") or {}
    model = torture_model(options if "Regex" in constructor else options.get("custom_keys") or {})
    optimizer = config["optimizer"]
    if not hasattr(torch.optim, optimizer["type"]):
        config["optimizer"] = {"type": "SGD", **{k: v for k, v in optimizer.items() if k in ("lr", "weight_decay")}}
    return named(build_optim_wrapper(model, config).optimizer, model)


def main(cases, out, length, *files):
    if files:  # updaters of the codebase run through the bridge, as v2 wrote them
        from mmmigrate.compat import adapters, aliases

        aliases.install("mmcv")
        adapters.install()
        load_files(files)
    results, length = {}, int(length)
    for case in json.loads(Path(cases).read_text()):
        if case["v3"] is None:
            continue
        v2, v3 = unmarked(case["v2"]), unmarked(case["v3"])
        result = results[case["key"]] = {}
        try:
            with tempfile.TemporaryDirectory() as folder:
                runner, result["left_out"] = runner_for(v3, length, folder)
                if runner is None:
                    continue
                result["events"] = events(runner)
            result["stepping"] = stepping(v2, runner.optim_wrapper)
            result["groups"] = param_groups(v3)
            np.save(Path(out) / f"{case['key']}.v3.npy", course(v2, v3, length))
        except Exception as error:
            import traceback

            result["failed"] = f"{type(error).__name__}: {error} {traceback.format_exc()[-900:]}"
    (Path(out) / "v3.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
