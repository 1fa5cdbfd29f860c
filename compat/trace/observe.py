"""What a model and its optimizers hold, under names that are the same in every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer


def unwrap(model: nn.Module) -> nn.Module:
    """The user's model inside data-parallel wrappers: a wrapper has one child, `module`, and nothing else."""
    while True:
        children = dict(model.named_children())
        own = next(model.parameters(recurse=False), None)
        if list(children) != ["module"] or own is not None:
            return model
        model = children["module"]


def optimizers_of(runner: Any) -> dict[str, Any]:
    """Name to optimizer, for a v2 runner (`optimizer`) and a v3 runner (`optim_wrapper`); '' is the only one's name."""
    held = getattr(runner, "optim_wrapper", None)
    if held is None:
        held = runner.optimizer
    if isinstance(held, Optimizer):
        return {"": held}
    if hasattr(held, "optim_wrappers"):
        held = held.optim_wrappers
    if isinstance(held, Mapping):
        return {f"{name}.": getattr(one, "optimizer", one) for name, one in held.items()}
    return {"": held.optimizer}


def rates(optimizers: Mapping[str, Optimizer]) -> Iterator[tuple[str, float]]:
    """Learning rate, momentum (Adam's first beta) and weight decay of each group, as `lr[0]`, `momentum[0]`, …"""
    for prefix, optimizer in optimizers.items():
        for i, group in enumerate(optimizer.param_groups):
            yield f"{prefix}lr[{i}]", float(group["lr"])
            if "momentum" in group:
                yield f"{prefix}momentum[{i}]", float(group["momentum"])
            elif "betas" in group:
                yield f"{prefix}momentum[{i}]", float(group["betas"][0])
            if "weight_decay" in group:
                yield f"{prefix}weight_decay[{i}]", float(group["weight_decay"])


def group_options(optimizers: Mapping[str, Optimizer], names: Mapping[int, str]) -> dict[str, Any]:
    """The class, and for each group its options and the names of its parameters, as plain values."""
    described: dict[str, Any] = {}
    for prefix, optimizer in optimizers.items():
        described[f"{prefix}type"] = type(optimizer).__name__
        for i, group in enumerate(optimizer.param_groups):
            for key in sorted(optimizer.defaults):
                if key in group and key not in ("lr", "momentum", "betas", "weight_decay"):
                    value = group[key]
                    plain = isinstance(value, (bool, int, float, str, type(None)))
                    described[f"{prefix}group[{i}].{key}"] = value if plain else str(value)
            described[f"{prefix}group[{i}].params"] = [names.get(id(p), "?") for p in group["params"]]
    return described


def optimizer_state(optimizers: Mapping[str, Optimizer], names: Mapping[int, str]) -> Iterator[tuple[str, Tensor]]:
    """Each state tensor as `parameter/key`, e.g. `head.weight/momentum_buffer`."""
    for prefix, optimizer in optimizers.items():
        for parameter, state in optimizer.state.items():
            for key, value in state.items():
                if isinstance(value, Tensor):
                    yield f"{prefix}{names.get(id(parameter), '?')}/{key}", value


def averaged(runner: Any) -> Iterator[tuple[str, Tensor]]:
    """The averaged (EMA) parameters by the name of the parameter they average.

    v2 keeps buffers, v3 a second model; the hooks that average as v2 does under v3 tell by `named_averages`.
    """
    for hook in getattr(runner, "hooks", ()):
        if isinstance(getattr(hook, "param_ema_buffer", None), dict):
            buffers = dict(unwrap(runner.model).named_buffers())
            for name, buffer in hook.param_ema_buffer.items():
                yield name, buffers[buffer]
        elif hasattr(hook, "named_averages"):
            yield from hook.named_averages()
        elif isinstance(getattr(hook, "ema_model", None), nn.Module):
            yield from unwrap(hook.ema_model.module).named_parameters()


def plain_buffers(model: nn.Module, averaged_names: set[str]) -> Iterator[tuple[str, Tensor]]:
    """Buffers of the model itself, without the averages that v2's EMA hook keeps among them."""
    for name, buffer in model.named_buffers():
        if name not in averaged_names:
            yield name, buffer


def loss_scale(runner: Any) -> float | None:
    """The factor of mixed precision, from v3's optimizer wrapper or v2's optimizer hook; None without one."""
    holders = [getattr(runner, "optim_wrapper", None), *getattr(runner, "hooks", ())]
    scaler = next((held.loss_scaler for held in holders if getattr(held, "loss_scaler", None) is not None), None)
    if scaler is None:
        return None
    return float(scaler.get_scale() if hasattr(scaler, "get_scale") else scaler.loss_scale)
