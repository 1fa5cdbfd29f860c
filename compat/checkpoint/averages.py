"""Averaged weights: v2 keeps them as `ema_…` buffers of the model, v3 as a second state dict."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch

Weights = Mapping[str, Any]
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def v2_buffer(name: str) -> str:
    """The buffer in which v2's EMAHook keeps the average of a weight."""
    return f"ema_{name.replace('.', '_')}"


def averaged_names(weights: Weights) -> dict[str, str]:
    """Weight to buffer, for the weights of a v2 state dict that are averaged."""
    buffers = {name: v2_buffer(name) for name in weights if not name.startswith("ema_")}
    return {name: buffer for name, buffer in buffers.items() if buffer in weights}


def to_v3(weights: Weights, steps: int, swapped: bool) -> tuple[OrderedDict[str, Any], dict[str, Any] | None]:
    """The state dict (of averages) and the `ema_state_dict` (the weights as trained, after `steps` updates).

    `swapped`: whether the averages stand in the place of the weights, as after a v2 epoch. Without averages the state
    dict is given back as it is, and None.
    """
    averaged = averaged_names(weights)
    if not averaged:
        return _like(weights, weights), None
    buffers = set(averaged.values())
    model = {name: value for name, value in weights.items() if name not in buffers}
    other = {name: weights[averaged[name]] if name in averaged else value for name, value in model.items()}
    average, trained = (model, other) if swapped else (other, model)
    state = {"steps": torch.tensor(steps), **{f"module.{name}": value for name, value in trained.items()}}
    return _like(weights, average), state


def exchanged(weights: Weights, ema_state: Weights) -> tuple[OrderedDict[str, Any], dict[str, Any]]:
    """Both with the weights of one in the place of the other's."""
    model, other = _like(weights, weights), dict(ema_state)
    for key in ema_state:
        name = key.removeprefix("module.")
        if key != name and name in model:
            model[name], other[key] = other[key], model[name]
    return model, other


def to_v2(
    weights: Weights, ema_state: Mapping[str, Any] | None, swapped: bool, every: bool = False
) -> OrderedDict[str, Any]:
    """The v2 state dict with its `ema_…` buffers, `swapped` as above; `every` if all in `ema_state` are averages.

    Buffers such as running statistics get one only if the average differs from them: mmcv's EMAHook averages
    parameters alone, and mmdet's whole state dicts.
    """
    if ema_state is None:
        return _like(weights, weights)
    trained = {name.removeprefix("module."): v for name, v in ema_state.items() if name.startswith("module.")}
    shared = [name for name in weights if name in trained]
    averaged = [name for name in shared if every or _is_averaged(name, weights[name], trained[name])]
    current = {name: trained.get(name, value) for name, value in weights.items()}
    model, kept = (weights, current) if swapped else (current, weights)
    return _like(weights, {**{v2_buffer(name): kept[name] for name in averaged}, **model})


def _is_averaged(name: str, average: torch.Tensor, trained: torch.Tensor) -> bool:
    return not name.endswith(_STATISTICS) or not torch.equal(average, trained)


def _like(weights: Weights, values: Weights) -> OrderedDict[str, Any]:
    made: OrderedDict[str, Any] = OrderedDict(values)
    made._metadata = getattr(weights, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return made
