"""The optimizers of torch, and the way from config to wrapper."""

from __future__ import annotations

import copy
import importlib.util
from typing import Any

import torch
from torch import nn

from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper import OptimWrapper
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS


def register_torch_optimizers() -> list[str]:
    """Registers every optimizer of torch under its own name; `Adafactor` as `TorchAdafactor`, as mmengine does."""
    names = []
    for name, entry in sorted(vars(torch.optim).items()):
        if isinstance(entry, type) and issubclass(entry, torch.optim.Optimizer):
            OPTIMIZERS.register_module(name="TorchAdafactor" if name == "Adafactor" else name, module=entry)
            names.append(name)
    return names


TORCH_OPTIMIZERS = register_torch_optimizers()


def _from_package(name: str) -> type | None:
    """An optimizer of an optional package, looked for only when a config asks for it: importing them is slow."""
    package, attribute = {
        "Lion": ("lion_pytorch", "Lion"),
        "Adafactor": ("transformers", "Adafactor"),
        "DAdaptAdaGrad": ("dadaptation", "DAdaptAdaGrad"),
        "DAdaptAdam": ("dadaptation", "DAdaptAdam"),
        "DAdaptSGD": ("dadaptation", "DAdaptSGD"),
    }.get(name, ("bitsandbytes", "") if name.startswith("bnb_") else ("", ""))
    if not package or importlib.util.find_spec(package) is None:
        return None
    module = importlib.import_module(package)
    found = getattr(getattr(module, "optim", module), attribute or name.removeprefix("bnb_"), None)
    return found if isinstance(found, type) else None


OPTIMIZERS.on_missing.append(_from_package)


def build_optim_wrapper(model: nn.Module, cfg: Any) -> OptimWrapper:
    """The wrapper that `cfg` describes: `dict(type=…, optimizer=dict(…), constructor=…, paramwise_cfg=dict(…), …)`."""
    arguments = copy.deepcopy(dict(cfg))
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        {
            "type": arguments.pop("constructor", "DefaultOptimWrapperConstructor"),
            "paramwise_cfg": arguments.pop("paramwise_cfg", None),
            "optim_wrapper_cfg": arguments,
        }
    )
    wrapper: OptimWrapper = constructor(model)
    return wrapper
