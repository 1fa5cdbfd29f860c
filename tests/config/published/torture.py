"""What both peers' scripts share: a model with a parameter for every rule of groups, and two groups with rates."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn


def unmarked(value: Any) -> Any:
    """The reverse of `cases._marked`."""
    if isinstance(value, dict):
        if value.keys() == {"__tuple__"}:
            return tuple(unmarked(item) for item in value["__tuple__"])
        return {key: unmarked(item) for key, item in value.items()}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


class Given:
    """In place of torch's GradScaler, which does nothing without a GPU: remembers what it was given."""

    def __init__(self, **given: Any) -> None:
        self.given = given


def torture_model(custom_keys: dict[str, Any]) -> nn.Module:
    """Convolutions of two kinds, norms, a frozen layer, a bare parameter, and modules with each custom key's name."""
    model = nn.Module()
    for name, module in {
        "conv": nn.Conv2d(4, 8, 1),
        "depthwise": nn.Conv2d(4, 4, 1, groups=4),
        "bn": nn.BatchNorm2d(4),
        "ln": nn.LayerNorm(4),
        "gn": nn.GroupNorm(2, 4),
        "fc": nn.Linear(4, 4),
        "nested": nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)),
    }.items():
        model.add_module(name, module)
    frozen = nn.Linear(2, 2)
    frozen.requires_grad_(False)
    model.add_module("frozen", frozen)
    model.register_parameter("token", nn.Parameter(torch.zeros(1)))
    for index, key in enumerate(custom_keys):
        _plant(model, index, [part for part in key.split(".") if part])
    return model


def load_files(files: Sequence[str]) -> list[ModuleType]:
    """Runs files of a codebase, which register their classes; of one that needs the whole codebase, nothing."""
    loaded = []
    for index, file in enumerate(files):
        spec = importlib.util.spec_from_file_location(f"of_the_codebase_{index}", file)
        if spec is None or spec.loader is None:
            continue
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            print(f"{Path(file).name} needs more: {error}", file=sys.stderr)
            continue
        sys.modules[spec.name] = module
        loaded.append(module)
    return loaded


def named(made: torch.optim.Optimizer, model: nn.Module) -> dict[str, list[Any]]:
    """[rate, decay] of every parameter that is trained, by its name."""
    values = {id(p): [group["lr"], group.get("weight_decay")] for group in made.param_groups for p in group["params"]}
    return {name: values[id(p)] for name, p in model.named_parameters() if p.requires_grad}


def by_expression(options: Any) -> bool:
    """Whether `paramwise_options` are settings by regular expression, as in mmselfsup."""
    return isinstance(options, dict) and bool(options) and all(isinstance(each, dict) for each in options.values())


def _plant(model: nn.Module, index: int, parts: list[str]) -> None:
    """A norm, a layer and a bare parameter whose names contain a custom key."""
    place = nn.Module()
    model.add_module(f"planted{index}", place)
    for part in parts:
        child = nn.Module()
        place.add_module(part, child)
        place = child
    place.add_module("norm_inside", nn.LayerNorm(2))
    place.add_module("layer_inside", nn.Linear(2, 2))
    if parts:
        place.register_parameter("bare", nn.Parameter(torch.zeros(1)))


def parts_of(v2: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The optimizers by name; a single one has the name ''."""
    given = v2.get("optimizer") or v2.get("optimizers")
    return {"": given} if "type" in given else dict(given)


def rates_of(optimizers: dict[str, Any]) -> list[list[float]]:
    """[rate, momentum] of the groups of all optimizers, in order."""
    return [values for optimizer in optimizers.values() for values in groups_of(optimizer)]


def groups_with(optimizer: dict[str, Any]) -> torch.optim.Optimizer:
    """The optimizer's base rate in one group and a tenth of it in another, with its own momentum or betas."""
    lr = optimizer.get("lr", 1e-3)  # torch's own default, of all whose rate need not be given
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": lr * factor} for factor in (1.0, 0.1)]
    betas = optimizer.get("betas", (0.9, 0.999) if optimizer["type"].startswith(("Adam", "Lamb", "NAdam")) else None)
    if betas is not None:
        return torch.optim.AdamW(groups, lr=lr, betas=tuple(betas))
    return torch.optim.SGD(groups, lr=lr, momentum=optimizer.get("momentum", 0))


def groups_of(optimizer: Any) -> list[list[float]]:
    """[rate, momentum] of each group."""
    return [
        [group["lr"], group["momentum"] if "momentum" in group else group["betas"][0]]
        for group in optimizer.param_groups
    ]
