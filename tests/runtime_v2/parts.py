"""Exercises single parts through `import mmcv`, and writes what they give to a JSON file.

Started as a script with `mmcv` in the environment of the real library, with `ours` in this project's, where the name
is answered by the runtime.
"""

# ruff: noqa: E402 (the alias has to be in place before mmcv is imported)

import hashlib
import io
import json
import logging
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

warnings.simplefilter("ignore")
if sys.argv[1] == "ours":
    from mmmigrate.compat import aliases

    aliases.install("mmcv")

import numpy as np
import torch
from mmcv.cnn import initialize
from mmcv.parallel import DataContainer as DC
from mmcv.parallel import MMDataParallel, collate, is_module_wrapper, scatter
from mmcv.parallel._functions import Scatter, get_input_device
from mmcv.runner import (
    BaseModule,
    ModuleList,
    Sequential,
    auto_fp16,
    build_optimizer,
    build_runner,
    force_fp32,
    load_checkpoint,
    load_state_dict,
    save_checkpoint,
    set_random_seed,
)
from mmcv.runner.fp16_utils import LossScaler
from mmcv.runner.log_buffer import LogBuffer
from torch import nn

if sys.argv[1] == "mmcv":
    torch.load = partial(torch.load, weights_only=False)


def plain(value):
    if isinstance(value, torch.Tensor):
        bits = hashlib.sha256(value.detach().contiguous().numpy().tobytes()).hexdigest()[:12]
        return [str(value.dtype), list(value.shape), bits]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(item) for item in value)]
    if type(value).__name__ == "DataContainer":
        return ["DC", plain(value.data), value.stack, value.cpu_only, value.padding_value]
    return str(value)


class Block(BaseModule):
    def __init__(self, init_cfg=None, inner_cfg=None):
        super().__init__(init_cfg)
        self.conv = nn.Conv2d(2, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.depthwise = nn.Conv2d(4, 4, 1, groups=4)
        self.inner = Sequential(nn.Linear(4, 3), nn.ReLU(), init_cfg=inner_cfg)
        self.heads = ModuleList([nn.Linear(3, 2), nn.LayerNorm(3)])

    @auto_fp16(apply_to=("x",), out_fp32=False)
    def half(self, x, y, z=None):
        return [x.dtype, y.dtype, None if z is None else z.dtype]

    @auto_fp16(out_fp32=True)
    def half_then_single(self, x, rest):
        return {"x": x * 2, "rest": rest}

    @force_fp32(apply_to=("x",))
    def single(self, x, y):
        return [x.dtype, y.dtype]


INITIALIZATIONS = {
    "constant": {"type": "Constant", "val": 2, "bias": 1, "layer": "Conv2d"},
    "xavier": {"type": "Xavier", "gain": 1.4, "distribution": "uniform", "layer": ["Conv2d", "Linear"]},
    "normal by base class": {"type": "Normal", "std": 0.3, "bias_prob": 0.01, "layer": "_ConvNd"},
    "truncated": {"type": "TruncNormal", "mean": 0.1, "std": 0.5, "a": -0.4, "b": 0.9, "layer": "Linear"},
    "uniform": {"type": "Uniform", "a": -1, "b": 2, "layer": "Linear"},
    "kaiming": {"type": "Kaiming", "layer": "Conv2d", "distribution": "uniform", "mode": "fan_in"},
    "caffe2": {"type": "Caffe2Xavier", "layer": "Conv2d"},
    "list": [{"type": "Constant", "val": 1, "layer": "BatchNorm2d"}, {"type": "Normal", "layer": "Linear"}],
    "override": {
        "type": "Normal",
        "std": 0.1,
        "layer": "Conv2d",
        "override": [{"name": "depthwise"}, {"type": "Constant", "name": "inner", "val": 3}],
    },
}
PARAMWISE = {
    "none": None,
    "bias and norm": {"bias_lr_mult": 2.0, "bias_decay_mult": 0.5, "norm_decay_mult": 0.0},
    "depthwise": {"dwconv_decay_mult": 0.1},
    "keys, longest first": {
        "custom_keys": {"inner": {"lr_mult": 0.1}, "inner.0": {"lr_mult": 0.5, "decay_mult": 0.0}, "e": {}},
        "norm_decay_mult": 0.3,
    },
    "equally long keys": {"custom_keys": {"heads": {"lr_mult": 3.0}, "ads.0": {"lr_mult": 5.0}}},
    "bypass": {"bypass_duplicate": True, "bias_lr_mult": 2.0},
}


def batches():
    def sample(height, width, count):
        return {
            "img": DC(torch.arange(3.0 * height * width).view(3, height, width), stack=True, padding_value=7),
            "boxes": DC(torch.ones(count, 4)),
            "meta": DC({"name": f"{height}x{width}"}, cpu_only=True),
            "label": torch.tensor(count),
            "pair": (torch.tensor(1.0), np.float32(height)),
        }

    samples = [sample(4, 5, 1), sample(6, 3, 2), sample(2, 2, 3)]
    whole = collate(samples, samples_per_gpu=3)
    flat = [DC(torch.zeros(2, 3 + i), stack=True, pad_dims=1) for i in range(4)]
    return {
        "whole": whole,
        "halves": collate(samples, samples_per_gpu=2),
        "one dimension": collate(flat, samples_per_gpu=2),
        "scattered": scatter(whole, [-1]),
        "step": MMDataParallel(Taker()).train_step(whole, None),
    }


class Taker(nn.Module):
    def train_step(self, data, optimizer):
        return data


def weights():
    found = {}
    for name, cfg in INITIALIZATIONS.items():
        set_random_seed(3)
        model = Block(cfg, {"type": "Constant", "val": 5, "layer": "Linear"} if name == "list" else None)
        model.init_weights()
        found[name] = dict(model.state_dict())
    set_random_seed(4)
    model = nn.Sequential(nn.Conv1d(2, 2, 1), nn.Linear(2, 2))
    initialize(model, {"type": "Normal", "layer": "Conv1d"})
    found["any module"] = dict(model.state_dict())
    return found


def groups():
    found = {}
    for name, paramwise in PARAMWISE.items():
        model = Block()
        model.again = model.inner
        model.conv.bias.requires_grad = False
        cfg = {"type": "SGD", "lr": 0.1, "weight_decay": 0.01}
        if paramwise is not None:
            cfg["paramwise_cfg"] = paramwise
        optimizer = build_optimizer(model, cfg) if name in ("bypass", "none") else build(cfg)
        found[name] = [
            [group["lr"], group["weight_decay"], [list(param.shape) for param in group["params"]]]
            for group in optimizer.param_groups
        ]
    return found


def build(cfg):
    return build_optimizer(MMDataParallel(Block()), cfg)


def checkpoints():
    lines = io.StringIO()
    logger = logging.Logger("parts")
    logger.addHandler(logging.StreamHandler(lines))
    set_random_seed(5)
    source = Block()
    source.CLASSES = ("a", "b")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "deep" / "model.pth")
        save_checkpoint(MMDataParallel(source), path, torch.optim.SGD(source.parameters(), 0.1), {"epoch": 3})
        saved = torch.load(path)
        target = MMDataParallel(Block())
        loaded = load_checkpoint(target, path, logger=logger)
        renamed = {f"module.{key}": value for key, value in source.state_dict().items()}
        torch.save(renamed, str(Path(folder) / "renamed.pth"))
        other = Block()
        load_checkpoint(other, str(Path(folder) / "renamed.pth"), logger=logger)
        load_checkpoint(other, path, logger=logger, revise_keys=[(r"^conv\.", "cnov.")])
    odd = {key: value for key, value in source.state_dict().items() if "norm" not in key}
    odd["inner.0.weight"] = torch.zeros(1, 1)
    odd["extra"] = torch.zeros(1)
    load_state_dict(other, odd, logger=logger)
    try:
        load_state_dict(other, odd, strict=True)
        strict = "accepted"
    except RuntimeError as error:
        strict = str(error)
    logged = [line for line in lines.getvalue().splitlines() if not line.startswith("load checkpoint")]
    return {
        "keys": [list(saved), sorted(set(saved["meta"]) - {"time"}), list(saved["state_dict"])],
        "same": [torch.equal(a, b) for a, b in zip(target.state_dict().values(), source.state_dict().values())],
        "other": dict(other.state_dict()),
        "meta": [loaded["meta"]["epoch"], list(loaded["meta"]["CLASSES"])],
        "logged": logged,
        "strict": strict,
    }


def precision():
    model = Block()
    x, y = torch.ones(2), torch.ones(2)
    off = [model.half(x, y), model.single(x.half(), y.half())]
    model.fp16_enabled = True
    on = [model.half(x, y, z=x), model.half(x=x, y=y), model.single(x.half(), y.half())]
    both = model.half_then_single(x, [y, (y.long(), "text")])
    return {"off": off, "on": on, "both": both}


def averages():
    buffer = LogBuffer()
    for i in range(7):
        buffer.update({"a": 0.1 * i, "b": i}, i + 1)
    buffer.update({"late": 3.5})
    buffer.average(3)
    recent = {key: float(value).hex() for key, value in buffer.output.items()}
    buffer.average()
    return [recent, {key: float(value).hex() for key, value in buffer.output.items()}]


def loss_scales():
    scalers = [LossScaler(scale_window=3), LossScaler(init_scale=4.0, scale_factor=3.0), LossScaler(8, mode="static")]
    grads = [1.0, float("inf"), 2.0, 1.0, float("nan"), 3.0, 1.0, 1.0, float("inf"), float("inf"), 5.0]
    found = []
    for scaler in scalers:
        for value in grads:
            param = nn.Parameter(torch.zeros(2))
            param.grad = torch.tensor([1.0, value])
            overflow = scaler.has_overflow([nn.Parameter(torch.ones(1)), param])
            scaler.update_scale(overflow)
            found.append([overflow, float(scaler.loss_scale).hex()])
        other = LossScaler()
        other.load_state_dict(scaler.state_dict())
        found.append(dict(sorted(other.state_dict().items())))
    return found


def scatter_functions():
    nested = [torch.arange(3.0), [torch.ones(1), torch.zeros(2)]]
    return [
        Scatter.forward([-1], torch.arange(4.0).view(2, 2).t()),
        Scatter.forward([-1], nested),
        [get_input_device(nested), get_input_device(nested[0])],
    ]


class Step(nn.Linear):
    def train_step(self, data, optimizer):
        return {}


def gpu_counts():
    """Where runs go on that another number of GPUs began: (epoch, iteration) by what the checkpoint's config says."""
    found = []
    configs = ["gpu_ids = range(0, 4)", "gpu_ids = [0, 1, 2]", "gpu_ids = [0]", "gpu_ids = []", "x = 1", None]
    with tempfile.TemporaryDirectory() as folder:
        for kind, length in (("EpochBasedRunner", {"max_epochs": 4}), ("IterBasedRunner", {"max_iters": 40})):
            for config in configs:
                meta = {"epoch": 3, "iter": 7} if config is None else {"epoch": 3, "iter": 7, "config": config}
                save_checkpoint(nn.Linear(1, 1), f"{folder}/x.pth", meta=meta)
                arguments = {"model": Step(1, 1), "logger": logging.Logger("silent"), **length}
                runner = build_runner({"type": kind}, default_args=arguments)
                runner.resume(f"{folder}/x.pth", map_location="cpu")
                found.append([runner.epoch, runner.iter, runner.inner_iter])
    return found


def main():
    results = {
        "batches": plain(batches()),
        "weights": plain(weights()),
        "groups": groups(),
        "checkpoints": plain(checkpoints()),
        "precision": plain(precision()),
        "averages": averages(),
        "loss scales": loss_scales(),
        "scatter functions": plain(scatter_functions()),
        "gpu counts": gpu_counts(),
        "wrapper": [is_module_wrapper(MMDataParallel(nn.Linear(1, 1))), is_module_wrapper(nn.Linear(1, 1))],
    }
    Path(sys.argv[2]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
