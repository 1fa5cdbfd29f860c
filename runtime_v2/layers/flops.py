"""How many multiplications a model makes for an input, and how many parameters it trains, counted as mmcv does."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

import torch
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentTypeError

SCALES = {"GFLOPs": 1e9, "MFLOPs": 1e6, "KFLOPs": 1e3}


def _convolution(module: Any, x: Tensor, output: Tensor) -> int:
    per_position = math.prod(module.kernel_size) * module.in_channels * (module.out_channels // module.groups)
    positions = len(x) * math.prod(output.shape[2:])
    return int(positions) * int(per_position + (0 if module.bias is None else module.out_channels))


def _transposed(module: Any, x: Tensor, output: Tensor) -> int:
    per_position = math.prod(module.kernel_size) * module.in_channels * (module.out_channels // module.groups)
    bias = 0 if module.bias is None else module.out_channels * len(x) * math.prod(output.shape[2:])
    return int(len(x) * math.prod(x.shape[2:]) * per_position + bias)


def _norm(module: Any, x: Tensor, output: Tensor) -> int:
    learned = getattr(module, "affine", False) or getattr(module, "elementwise_affine", False)
    return x.numel() * (2 if learned else 1)


def _linear(module: Any, x: Tensor, output: Tensor) -> int:
    return x.numel() * output.shape[-1]


def _inputs(module: Any, x: Tensor, output: Tensor) -> int:
    return x.numel()


def _outputs(module: Any, x: Tensor, output: Tensor) -> int:
    return output.numel()


def _outputs_of_one(module: Any, x: Tensor, output: Tensor) -> int:
    return output[0].numel()


COUNTS: dict[type[nn.Module], Callable[[Any, Tensor, Tensor], int]] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _convolution),
    **dict.fromkeys((nn.ReLU, nn.PReLU, nn.ELU, nn.LeakyReLU, nn.ReLU6), _outputs),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _inputs),
    **dict.fromkeys((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _inputs),
    **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _inputs),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm, nn.LayerNorm), _norm),
    **dict.fromkeys((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), _norm),
    nn.Linear: _linear,
    nn.Upsample: _outputs_of_one,
    nn.ConvTranspose2d: _transposed,
}
"""How each kind of layer is counted; layers of other kinds, and of subclasses of these, are not."""


def get_model_complexity_info(
    model: nn.Module,
    input_shape: tuple[int, ...],
    print_per_layer_stat: bool = True,
    as_strings: bool = True,
    input_constructor: Callable[..., Any] | None = None,
    flush: bool = False,
    ost: TextIO = sys.stdout,
) -> tuple[Any, Any]:
    """(multiplications per sample, trained parameters) of a model, as text such as '4.09 GFLOPs' unless told otherwise.

    `input_shape` is that of one sample, without the batch; `input_constructor` makes keyword arguments of it.
    """
    if type(input_shape) is not tuple or not input_shape:
        raise ArgumentTypeError(f"input_shape must be a tuple of at least one number, got {input_shape!r}")
    if not isinstance(model, nn.Module):
        raise ArgumentTypeError(f"model must be a module, got {type(model).__name__}")
    counts, samples = _counted(model, input_shape, input_constructor)
    flops = sum(counts.values()) / samples
    parameters = _trained(model)
    if print_per_layer_stat:
        _print_tree(model, counts, samples, ost, flush)
    return (flops_to_string(flops), params_to_string(parameters)) if as_strings else (flops, parameters)


def _counted(model: nn.Module, input_shape: tuple[int, ...], construct: Any) -> tuple[dict[nn.Module, int], int]:
    counts = {module: 0 for module in model.modules() if type(module) in COUNTS}
    samples: list[int] = []

    def count(module: nn.Module, inputs: Any, output: Any) -> None:
        counts[module] += int(COUNTS[type(module)](module, inputs[0], output))

    def count_batch(module: nn.Module, inputs: Any, output: Any) -> None:
        if not inputs:
            warnings.warn("No positional inputs found for a module, assuming batch size is 1.", stacklevel=2)
        samples.append(len(inputs[0]) if inputs else 1)

    handles = [module.register_forward_hook(count) for module in counts]
    handles.append(model.register_forward_hook(count_batch))
    model.eval()
    try:
        if construct:
            model(**construct(input_shape))
        else:
            like: Tensor = next(model.parameters(), torch.ones(()))
            model(torch.empty((1, *input_shape), dtype=like.dtype, device=like.device))
    finally:
        for handle in handles:
            handle.remove()
    return counts, sum(samples)


def _trained(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def _print_tree(model: nn.Module, counts: dict[nn.Module, int], samples: int, ost: TextIO, flush: bool) -> None:
    """The model as torch prints it, each module with its share."""

    def shares(module: nn.Module) -> tuple[int, float]:
        if module in counts:
            return _trained(module), counts[module] / samples
        below = [shares(child) for child in module.children()]
        return sum(each[0] for each in below), sum(each[1] for each in below)

    all_parameters, all_flops = _trained(model), sum(counts.values()) / samples
    changed = list(model.modules())
    try:
        for module in changed:
            parameters, flops = shares(module)
            text = ", ".join(
                [
                    params_to_string(parameters, units="M", precision=3),
                    f"{parameters / max(all_parameters, 1):.3%} Params",
                    flops_to_string(flops, precision=3),
                    f"{flops / max(all_flops, 1):.3%} FLOPs",
                    module.extra_repr(),
                ]
            )
            module.extra_repr = lambda text=text: text  # type: ignore[method-assign, misc]
        print(model, file=ost, flush=flush)
    finally:
        for module in changed:
            vars(module).pop("extra_repr", None)


def flops_to_string(flops: float, units: str | None = "GFLOPs", precision: int = 2) -> str:
    """A number of operations in 'GFLOPs', 'MFLOPs', 'KFLOPs' or 'FLOPs'; in the largest that fits for None.

    >>> flops_to_string(5.4321e9), flops_to_string(3000, None)
    ('5.43 GFLOPs', '3.0 KFLOPs')
    """
    if units is None:
        units = next((name for name, scale in SCALES.items() if flops >= scale), "FLOPs")
    scale = SCALES.get(units)
    return f"{flops} FLOPs" if scale is None else f"{round(flops / scale, precision)} {units}"


def params_to_string(num_params: float, units: str | None = None, precision: int = 2) -> str:
    """A number of parameters in 'M' or 'K', or plain; for None as millions or thousands ('k') where it is that large.

    >>> params_to_string(1e9), params_to_string(2e5), params_to_string(3e-9)
    ('1000.0 M', '200.0 k', '3e-09')
    """
    if units is None:
        units = "M" if num_params >= 10**6 else "k" if num_params >= 10**3 else ""
    scale = {"M": 10**6, "K": 10**3, "k": 10**3}.get(units)
    return str(num_params) if scale is None else f"{round(num_params / scale, precision)} {units}"
