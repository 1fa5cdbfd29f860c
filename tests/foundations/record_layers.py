"""What each layer of a table starts from and computes, bit for bit, as JSON: python record_layers.py mmcv|runtime_v2

Runs in an environment that has the library.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from importlib import import_module
from typing import Any

import torch

MODULES = {"mmcv": ("mmcv.cnn", "mmcv.cnn.bricks"), "runtime_v2": ("mmmigrate.runtime_v2.layers",) * 2}
BN, GN, IN = {"type": "BN"}, {"type": "GN", "num_groups": 2}, {"type": "IN2d", "affine": True}


def digest(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.detach().contiguous().numpy().tobytes()).hexdigest()[:16]


def table(cnn: Any, bricks: Any) -> dict[str, Any]:
    conv = cnn.ConvModule
    cases = {
        "conv": lambda: conv(4, 6, 3, padding=1),
        "conv bn": lambda: conv(4, 6, 3, stride=2, norm_cfg=BN),
        "conv gn leaky": lambda: conv(4, 6, 1, norm_cfg=GN, act_cfg={"type": "LeakyReLU", "negative_slope": 0.2}),
        "conv in bias": lambda: conv(4, 6, 3, bias=True, norm_cfg=IN, act_cfg=None),
        "conv frozen": lambda: conv(4, 6, 3, norm_cfg={"type": "BN", "requires_grad": False}),
        "conv reflect": lambda: conv(4, 6, 3, padding=1, padding_mode="reflect"),
        "conv order": lambda: conv(4, 6, 3, norm_cfg=BN, order=("norm", "act", "conv"), inplace=False),
        "conv spectral": lambda: conv(4, 6, 3, with_spectral_norm=True),
        "deconv": lambda: conv(4, 6, 3, conv_cfg={"type": "deconv"}),
        "separable": lambda: cnn.DepthwiseSeparableConvModule(4, 6, 3, norm_cfg=BN, dw_act_cfg=None),
        "scale": lambda: cnn.Scale(0.3),
        "norm ln": lambda: cnn.build_norm_layer({"type": "LN"}, 8, postfix=1)[1],
        "drop path": lambda: bricks.DropPath(0.4),
        "dropout": lambda: bricks.Dropout(0.4),
        "bilinear": lambda: cnn.build_upsample_layer({"type": "bilinear", "scale_factor": 2}),
        "pixel shuffle": lambda: cnn.build_upsample_layer(
            {"type": "pixel_shuffle", "in_channels": 4, "out_channels": 2, "scale_factor": 2, "upsample_kernel": 3}
        ),
        "plugin": lambda: cnn.build_plugin_layer({"type": "ConvModule"}, in_channels=4, out_channels=2, kernel_size=1)[
            1
        ],
        "fused": lambda: cnn.fuse_conv_bn(
            torch.nn.Sequential(torch.nn.Conv2d(4, 4, 1), torch.nn.BatchNorm2d(4)).eval()
        ),
        "reverted": lambda: cnn.utils.revert_sync_batchnorm(torch.nn.Sequential(torch.nn.SyncBatchNorm(4))),
    }
    for name in ("ReLU", "SiLU", "GELU", "HSwish", "HSigmoid", "Swish", "Clip", "PReLU", "ELU"):
        cases[f"act {name}"] = lambda name=name: cnn.build_activation_layer({"type": name})
    return cases


def observed(make: Any) -> dict[str, Any]:
    torch.manual_seed(3)
    layer = make()
    inputs = torch.randn(5, 4, 8, 8)
    outputs = layer(inputs)
    outputs.sum().backward() if outputs.requires_grad else None
    return {
        "weights": {name: digest(value) for name, value in layer.state_dict().items()},
        "trained": [name for name, value in layer.named_parameters() if value.requires_grad],
        "gradients": [digest(value.grad) for value in layer.parameters() if value.grad is not None],
        "output": digest(outputs),
        "shape": list(outputs.shape),
    }


def errors(cnn: Any) -> dict[str, str]:
    def kind(call: Any) -> str:
        try:
            return str(call())
        except Exception as error:
            return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")

    return {
        "norm type": kind(lambda: cnn.build_norm_layer({"type": "BNN"}, 3)),
        "norm no type": kind(lambda: cnn.build_norm_layer({}, 3)),
        "norm no dict": kind(lambda: cnn.build_norm_layer("BN", 3)),
        "conv type": kind(lambda: cnn.build_conv_layer({"type": "Con"}, 3, 3, 1)),
        "norm name": kind(lambda: cnn.build_norm_layer({"type": "SyncBN"}, 3, postfix="_a")[0]),
        "plugin name": kind(
            lambda: cnn.build_plugin_layer({"type": "ConvModule"}, "_b", in_channels=1, out_channels=1, kernel_size=1)[
                0
            ]
        ),
        "is norm": kind(lambda: [cnn.is_norm(torch.nn.LayerNorm(2)), cnn.is_norm(torch.nn.ReLU())]),
        "excluded": kind(lambda: cnn.is_norm(torch.nn.LayerNorm(2), exclude=torch.nn.LayerNorm)),
        "exclude": kind(lambda: cnn.is_norm(torch.nn.LayerNorm(2), exclude=3)),
    }


def main(library: str) -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    cnn, bricks = (import_module(name) for name in MODULES[library])
    if library == "runtime_v2":
        cnn.utils = cnn
    results = {name: observed(make) for name, make in table(cnn, bricks).items()}
    print(json.dumps({**results, **errors(cnn)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
