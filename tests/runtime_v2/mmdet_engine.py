"""Runs mmdet's hooks and optimizer constructor on stdin's experiments: mmdet's own code under real mmcv, or ours.

Started as `mmdet_engine.py mmcv OUTPUT MMDET` with the folder of mmdet 2.28.2, or as `mmdet_engine.py ours OUTPUT`.
Only mmdet's modules that are asked for run; the packages around them, which need compiled operators, do not.
"""

import functools
import json
import logging
import os
import sys
import types
from importlib import import_module
from pathlib import Path

import engine
import torch
from engine import v2
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

MIB = 1024 * 1024


class RPNHead(nn.Module):
    """Has a number of classes that is not the data set's, and may."""

    num_classes = 1


def package(name, folder=None, **names):
    module = types.ModuleType(name)
    module.__path__ = [str(folder)] if folder else []
    vars(module).update(names)
    sys.modules[name] = module
    return module


def load_mmdet(root):
    """Put mmdet's own hooks, constructor and EvalHook in place."""
    for name in ("mmdet", "mmdet.core", "mmdet.core.hook", "mmdet.core.utils", "mmdet.core.optimizers"):
        package(name, root.joinpath(*name.split(".")))
    package("mmdet.core.evaluation", root / "mmdet/core/evaluation")
    package("mmdet.datasets", root / "mmdet/datasets")
    package("mmdet.utils", get_root_logger=lambda: logging.Logger("mmdet"))
    package(
        "mmdet.apis",
        single_gpu_test=lambda model, loader, show: import_module("mmcv.engine").single_gpu_test(model, loader),
    )
    others = {name: type(name, (), {}) for name in ("GARPNHead", "FusedSemanticHead")}
    package("mmdet.models")
    package("mmdet.models.dense_heads", RPNHead=RPNHead, GARPNHead=others["GARPNHead"])
    package("mmdet.models.roi_heads")
    package("mmdet.models.roi_heads.mask_heads", FusedSemanticHead=others["FusedSemanticHead"])
    package("mmdet.datasets.builder", PIPELINES=None)
    loading = ("LoadAnnotations", "LoadImageFromFile", "LoadPanopticAnnotations")
    package("mmdet.datasets.pipelines", **dict.fromkeys(loading))
    for name in (
        "checkloss_hook",
        "ema",
        "memory_profiler_hook",
        "set_epoch_info_hook",
        "sync_norm_hook",
        "sync_random_size_hook",
        "yolox_lrupdater_hook",
        "yolox_mode_switch_hook",
    ):
        import_module(f"mmdet.core.hook.{name}")
    import_module("mmdet.datasets.utils")
    decay = import_module("mmdet.core.optimizers.layer_decay_optimizer_constructor")
    v2.OPTIMIZER_BUILDERS.register_module(module=decay.LearningRateDecayOptimizerConstructor)
    v2.EvalHook = import_module("mmdet.core.evaluation.eval_hooks").EvalHook


def fixed_memory():
    """The packages that MemoryProfilerHook asks, with a machine that never changes."""
    virtual = types.SimpleNamespace(available=5 * MIB, used=7 * MIB, percent=58.3)
    swap = types.SimpleNamespace(total=9 * MIB, used=2 * MIB, percent=22.2)
    process = types.SimpleNamespace(memory_info=lambda: types.SimpleNamespace(rss=300 * MIB))
    package("psutil", virtual_memory=lambda: virtual, swap_memory=lambda: swap, Process=lambda *_: process)
    package("memory_profiler", memory_usage=lambda: [300.0])


class Box(nn.Module):
    num_classes = 2
    use_l1 = False


class Detector(engine.Net):
    """A model that shows in its weights what the hooks tell it."""

    def __init__(self):
        super().__init__()
        self.bbox_head = Box()
        self.rpn_head = RPNHead()
        self.epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def _step(self, data):
        output = super()._step(data)
        extra = self.head.weight.abs().sum() * (0.1 * self.epoch + 0.5 * self.bbox_head.use_l1)
        if data["x"].abs().max() > 50:
            extra = extra * float("inf")
        return {**output, "loss": output["loss"] + extra}


class Images(engine.Points):
    """Points whose scale and noise the hooks can change."""

    scale, skipped = 1.0, ()

    def update_dynamic_scale(self, size):
        self.scale = size[0] / size[1] + size[0] / 1000

    def update_skip_type_keys(self, keys):
        self.skipped = keys

    def __getitem__(self, index):
        item = super().__getitem__(index)
        factor = self.scale * (0.5 if "Mosaic" in self.skipped else 1.0)
        item["x"] = engine.DataContainer(item["x"].data * factor, stack=True, pad_dims=None)
        return item


def of_classes(classes):
    return type("Images", (Images,), {"CLASSES": tuple(classes) if isinstance(classes, list) else classes})


def convnext():
    """The names and shapes of a ConvNeXt's parameters, small."""
    blocks = nn.ModuleList(nn.ModuleList(nn.Linear(2, 2) for _ in range(n)) for n in (3, 3, 27, 3))
    backbone = type("ConvNeXt", (nn.Module,), {})()
    backbone.downsample_layers = nn.ModuleList(nn.Conv2d(1, 1, 1) for _ in range(4))
    backbone.stages = blocks
    backbone.cls_token = nn.Parameter(torch.zeros(1, 1, 2))
    backbone.stages[1][0].weight.requires_grad = False
    model = nn.Module()
    model.backbone = backbone
    model.norm = nn.LayerNorm(2)
    model.neck = nn.Linear(2, 2)
    model.pos_embed = nn.Parameter(torch.zeros(1, 2))
    return model


def groups(paramwise):
    model = convnext()
    cfg = {
        "type": "AdamW",
        "lr": 0.0002,
        "weight_decay": 0.05,
        "constructor": "LearningRateDecayOptimizerConstructor",
        "paramwise_cfg": paramwise,
    }
    optimizer = v2.build_optimizer(model, cfg)
    keys = ("group_name", "lr", "lr_scale", "weight_decay", "param_names")
    return [[[group[key] for key in keys], len(group["params"])] for group in optimizer.param_groups]


def evaluated_together(experiment):
    """A run of one of several processes, each with its own weights, that test a share of the data each."""
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    torch.distributed.init_process_group("gloo", f"file://{experiment['together']}", rank=rank, world_size=world)
    plain_loader = engine.loader

    def shared_loader(count, seed, batch, shuffle):
        if shuffle:
            return plain_loader(count, seed, batch, shuffle)
        data = engine.Points(count, seed)
        collate = functools.partial(engine.collate, samples_per_gpu=batch)
        return DataLoader(data, batch, sampler=DistributedSampler(data, shuffle=False), collate_fn=collate)

    engine.loader = shared_loader
    v2.EvalHook = v2.DistEvalHook
    found = engine.run({**experiment, "seed": rank})
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    return found


def synchronized(settings):
    """What one of several processes has after each epoch: the states of norm, layer and norm; and the sizes."""
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    torch.distributed.init_process_group("gloo", f"file://{settings['meeting']}", rank=rank, world_size=world)
    torch.manual_seed(rank)
    engine.random.seed(rank)
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3), nn.SyncBatchNorm(3))
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.randn(value.shape))
    hooks = [v2.HOOKS.get(cfg.pop("type"))(**cfg) for cfg in settings["hooks"]]
    sizes, states = [], []
    dataset = types.SimpleNamespace(update_dynamic_scale=sizes.append)
    loader = types.SimpleNamespace(dataset=dataset)
    for epoch in range(6):
        runner = types.SimpleNamespace(epoch=epoch, max_epochs=6, model=model, data_loader=loader)
        for stage in ("before_train_epoch", "after_train_epoch"):
            for hook in hooks:
                getattr(hook, stage)(runner)
        states.append([engine.digest(part.state_dict()) for part in model])
        with torch.no_grad():
            model[0].weight += rank + 1
    # a process that ends while another still talks to it dies in gloo's threads
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    return [states, sizes]


def run(experiment):
    if "paramwise" in experiment:
        return groups(experiment["paramwise"])
    if "together" in experiment:
        return evaluated_together(experiment)
    if "meeting" in experiment:
        return synchronized(experiment)
    engine.Points = of_classes(experiment.pop("classes", ["left", "right"]))
    if "dynamic_intervals" in experiment.get("evaluation", {}):
        steps = experiment["evaluation"]["dynamic_intervals"]
        experiment["evaluation"]["dynamic_intervals"] = [tuple(step) for step in steps]
    return engine.run(experiment)


def main():
    fixed_memory()
    engine.Net = Detector
    if sys.argv[1] == "mmcv":
        load_mmdet(Path(sys.argv[3]))
    results = {}
    for name, experiment in json.load(sys.stdin).items():
        try:
            results[name] = run(experiment)
        except Exception as error:
            results[name] = {"error": type(error).__name__, "text": str(error)[:300]}
    Path(sys.argv[2]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
