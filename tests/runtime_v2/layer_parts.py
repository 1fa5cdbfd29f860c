"""Builds the layers and networks of mmcv.cnn, and writes their weights and results to a JSON file.

Started as a script with `mmcv` in the environment of the real library, with `ours` in this project's, where the name
is answered by the runtime.
"""

# ruff: noqa: E402 (the alias has to be in place before mmcv is imported)

import hashlib
import io
import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
if sys.argv[1] == "ours":
    from mmmigrate.compat import aliases

    aliases.install("mmcv")

import torch
from mmcv.cnn import (
    VGG,
    AlexNet,
    ContextBlock,
    ConvAWS2d,
    ConvModule,
    GeneralizedAttention,
    NonLocal1d,
    NonLocal2d,
    NonLocal3d,
    ResNet,
    build_conv_layer,
    build_plugin_layer,
    get_model_complexity_info,
)
from mmcv.cnn.bricks.transformer import (
    FFN,
    AdaptivePadding,
    BaseTransformerLayer,
    MultiheadAttention,
    PatchEmbed,
    PatchMerging,
    build_transformer_layer_sequence,
)
from mmcv.cnn.utils.flops_counter import flops_to_string, params_to_string
from mmcv.runner import load_state_dict
from torch import nn

torch.set_num_threads(1)


def digest(value):
    """The bits of tensors at any depth."""
    if isinstance(value, torch.Tensor):
        bits = hashlib.sha256(value.detach().contiguous().numpy().tobytes()).hexdigest()[:12]
        return [list(value.shape), bits]
    return [digest(item) for item in value] if isinstance(value, (list, tuple)) else value


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def rounded(value):
    """Results whose additions may come in another order."""
    if isinstance(value, torch.Tensor):
        return [list(value.shape), [f"{number:.4f}" for number in value.flatten()[::37].tolist()]]
    return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def tried(make, *inputs, bits=True, train=True, prepare=None, **kwargs):
    """The weights, result and gradients of a module made from a fixed seed; or its error."""
    torch.manual_seed(0)
    try:
        module = make()
        if prepare:
            prepare(module)
        result = module(*inputs, **kwargs)
    except Exception as error:
        return {"caught as": [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]}
    weights = {name: digest(value) for name, value in module.state_dict().items()}
    if not train:
        return [weights, digest(result)]
    outputs = result if isinstance(result, tuple) else (result,)
    sum(each.sum() for each in outputs if isinstance(each, torch.Tensor) and each.requires_grad).backward()
    trained = [name for name, parameter in module.named_parameters() if parameter.grad is not None]
    return [weights, (digest if bits else rounded)(result), trained]


def awake(module):
    """Let blocks that start as the identity do something."""
    for name, parameter in module.named_parameters():
        if not parameter.any():
            nn.init.constant_(parameter, 0.25 if "gamma" in name else 0.01)


def blocks():
    image = noise(2, 16, 10, 10)
    found = {}
    for mode in ("gaussian", "embedded_gaussian", "dot_product", "concatenation", "other"):
        for kwargs in ({}, {"sub_sample": True, "zeros_init": False}, {"norm_cfg": {"type": "BN"}, "reduction": 4}):
            key = f"non-local {mode} {sorted(kwargs)}"
            # real mmcv changes a result in place that today's PyTorch needs for the gradient of a concatenation
            train = mode != "concatenation"
            found[key] = tried(lambda m=mode, k=kwargs: NonLocal2d(16, mode=m, **k), image, train=train, prepare=awake)
    found["non-local 1d"] = tried(
        lambda: NonLocal1d(6, sub_sample=True, use_scale=False), noise(2, 6, 8), prepare=awake
    )
    found["non-local 3d"] = tried(lambda: NonLocal3d(6, sub_sample=True), noise(2, 6, 2, 4, 4), prepare=awake)
    for pooling in ("att", "avg", "max"):
        for fusion in (("channel_add",), ("channel_mul",), ("channel_add", "channel_mul"), ("other",), ()):
            make = lambda p=pooling, f=fusion: ContextBlock(16, 0.25, p, f)  # noqa: E731
            found[f"context {pooling} {fusion}"] = tried(make, image, prepare=awake)
    for kind in ("1111", "1000", "0100", "0010", "0001", "1010", "0101", "0110", "1001", "0011"):
        make = lambda k=kind: GeneralizedAttention(16, num_heads=4, attention_type=k)  # noqa: E731
        found[f"generalized {kind}"] = tried(make, image, bits=False, prepare=awake)
    make = lambda: GeneralizedAttention(16, num_heads=2, q_stride=2, kv_stride=1, position_embedding_dim=8)  # noqa: E731
    found["generalized strides"] = tried(make, image, bits=False, prepare=awake)
    make = lambda: build_plugin_layer({"type": "ContextBlock", "ratio": 0.5}, "_1", in_channels=16)[1]  # noqa: E731
    found["plugin"] = tried(make, image)
    found["plugin name"] = build_plugin_layer({"type": "NonLocal2d"}, "_1", in_channels=16)[0]
    return found


def convolutions():
    image = noise(2, 4, 9, 7)
    found = {}
    for kind in ("ConvWS", "ConvAWS", "Conv2dAdaptivePadding"):
        for kwargs in ({}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2, "bias": False}):
            make = lambda k=kind, a=kwargs: build_conv_layer({"type": k}, 4, 6, 3, **a)  # noqa: E731
            found[f"{kind} {sorted(kwargs)}"] = tried(make, image)
    layer = ConvAWS2d(4, 6, 3)
    load_state_dict(layer, {"weight": noise(6, 4, 3, 3), "bias": noise(6)}, strict=True)
    found["plain weights"] = [digest(layer(image)), digest(list(layer.state_dict().values()))]
    found["module"] = tried(lambda: ConvModule(4, 6, 3, conv_cfg={"type": "ConvWS"}, norm_cfg={"type": "BN"}), image)
    return found


def transformers():
    image, sequence = noise(2, 3, 18, 13), noise(5, 2, 8)
    layer = {
        "type": "BaseTransformerLayer",
        "attn_cfgs": [{"type": "MultiheadAttention", "embed_dims": 8, "num_heads": 2} for _ in range(2)],
        "ffn_cfgs": {"type": "FFN", "embed_dims": 8, "feedforward_channels": 12, "ffn_drop": 0.1},
        "operation_order": ("self_attn", "norm", "cross_attn", "norm", "ffn", "norm"),
    }
    before = {**layer, "operation_order": ("norm", "self_attn", "norm", "cross_attn", "norm", "ffn")}
    found = {
        f"padding {mode}": tried(lambda m=mode: AdaptivePadding(4, 3, 2, m), image.requires_grad_())
        for mode in ("same", "corner", "valid")
    }
    for kwargs in (
        {},
        {"kernel_size": 4, "stride": 4, "input_size": (18, 13), "norm_cfg": {"type": "LN"}},
        {"kernel_size": 5, "stride": None, "padding": 2, "dilation": 2, "bias": False},
        {"kernel_size": 3, "stride": 2, "padding": "same", "input_size": 20},
    ):
        found[f"embed {sorted(kwargs)}"] = tried(lambda k=kwargs: PatchEmbed(embed_dims=8, **k), image)
        embed = PatchEmbed(embed_dims=8, **kwargs)
        found[f"embed size {sorted(kwargs)}"] = [embed.init_input_size, embed.init_out_size]
    for kwargs in ({}, {"stride": 3, "padding": "same"}, {"kernel_size": 3, "padding": 1, "norm_cfg": None}):
        found[f"merge {sorted(kwargs)}"] = tried(lambda k=kwargs: PatchMerging(8, 6, **k), noise(2, 35, 8), (7, 5))
    found["merge wrong"] = tried(lambda: PatchMerging(8, 6), noise(2, 35, 8), (7, 6))
    for kwargs in ({}, {"batch_first": True}, {"attn_drop": 0.2, "dropout_layer": None}):
        make = lambda k=kwargs: MultiheadAttention(8, 2, **k)  # noqa: E731
        found[f"attention {sorted(kwargs)}"] = tried(make, sequence, query_pos=noise(5, 2, 8))
    found["old name"] = tried(lambda: MultiheadAttention(8, 2), sequence, residual=sequence * 2)
    for kwargs in ({}, {"num_fcs": 3, "add_residual": False}, {"num_fcs": 1}, {"dropout_layer": {"type": "DropPath"}}):
        found[f"ffn {sorted(kwargs)}"] = tried(lambda k=kwargs: FFN(8, 12, **k), sequence)
    memory = noise(7, 2, 8)
    for name, cfg in {"after": layer, "before": before, "odd": {**layer, "operation_order": ("norm", "x")}}.items():
        make = lambda c=cfg: BaseTransformerLayer(**{k: v for k, v in c.items() if k != "type"})  # noqa: E731
        found[f"layer {name}"] = tried(make, sequence, memory, memory, query_pos=sequence, key_pos=memory)
    make = lambda: build_transformer_layer_sequence(  # noqa: E731
        {"type": "TransformerLayerSequence", "transformerlayers": layer, "num_layers": 2}
    )
    found["sequence"] = tried(make, sequence, memory, memory)
    # last, since in mmcv the dropout given here stays for every attention made later without one
    found["old dropout"] = tried(lambda: MultiheadAttention(8, 2, dropout=0.3), sequence)
    return found


def networks():
    image = noise(2, 3, 32, 32)
    found = {}
    for depth in (11,):
        for kwargs in (
            {"with_bn": True, "out_indices": (1, 4), "frozen_stages": 2},
            {"num_stages": 2},
            {"bn_frozen": 1},
        ):
            kwargs = {"dilations": (1,) * kwargs.get("num_stages", 5), "out_indices": (0, 1), **kwargs}
            make = lambda d=depth, k=kwargs: VGG(d, **k)  # noqa: E731
            found[f"vgg {depth} {sorted(kwargs)}"] = tried(make, image, prepare=lambda m: (m.init_weights(), m.train()))
    for depth, kwargs in (
        (18, {"frozen_stages": 1, "out_indices": (0, 3)}),
        (50, {"bn_eval": False, "style": "caffe", "with_cp": True}),
        (34, {"num_stages": 2, "strides": (1, 2), "dilations": (1, 2), "out_indices": (1,)}),
        (51, {}),
        (18, {"num_stages": 5}),
        (18, {"with_cp": True}),
    ):
        make = lambda d=depth, k=kwargs: ResNet(d, **k)  # noqa: E731
        found[f"resnet {depth} {sorted(kwargs)}"] = tried(make, image, prepare=lambda m: m.train())
    found["alexnet"] = tried(lambda: AlexNet(3), noise(1, 3, 224, 224))
    return found


def complexity():
    models = {
        "convolutions": (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)), (3, 16, 16)),
        "transposed": (nn.Sequential(nn.ConvTranspose2d(3, 8, 3), nn.Upsample(scale_factor=2)), (3, 8, 8)),
        "linear": (nn.Sequential(nn.Flatten(), nn.Linear(48, 5), nn.LayerNorm(5), nn.Softmax(1)), (3, 4, 4)),
        "grouped": (nn.Conv1d(4, 8, 3, groups=2, bias=False), (4, 20)),
    }
    found = {}
    for name, (model, shape) in models.items():
        text = io.StringIO()
        numbers = get_model_complexity_info(model, shape, as_strings=False, ost=text)
        found[name] = [*map(float, numbers), get_model_complexity_info(model, shape, False), text.getvalue()]
    numbers = (0, 3e-9, 23, 5e3, 1234567, 3.217e9)
    found["flops"] = [
        flops_to_string(n, units) for n in numbers for units in ("GFLOPs", "MFLOPs", "KFLOPs", "FLOPs", None)
    ]
    found["parameters"] = [params_to_string(n, units, 3) for n in numbers for units in ("M", "K", "", None)]
    return found


def main():
    parts = (blocks, convolutions, transformers, networks, complexity)
    Path(sys.argv[2]).write_text(json.dumps({part.__name__: part() for part in parts}))


if __name__ == "__main__":
    main()
