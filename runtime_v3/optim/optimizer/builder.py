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

_PACKAGES = {
    "Lion": "lion_pytorch",
    "Adafactor": "transformers",
    "DAdaptAdaGrad": "dadaptation",
    "DAdaptAdam": "dadaptation",
    "DAdaptSGD": "dadaptation",
    "SophiaG": "sophia",
}


def _from_package(name: str) -> type | None:
    """An optimizer of an optional package, looked for only when a config asks for it: importing them is slow."""
    if name == "ZeroRedundancyOptimizer":
        module = importlib.import_module("mmmigrate.runtime_v3.optim.optimizer.zero_optimizer")
        return module.ZeroRedundancyOptimizer  # type: ignore[no-any-return]
    package = "bitsandbytes" if name.startswith("bnb_") else _PACKAGES.get(name)
    if package is None or not _is_installed(package):
        return None
    module = importlib.import_module(package)
    found = getattr(getattr(module, "optim", module), name.removeprefix("bnb_"), None)
    return found if isinstance(found, type) else None


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _names_from(package: str) -> list[str]:
    return [name for name, owner in _PACKAGES.items() if owner == package and _is_installed(package)]


# The names that mmengine registers at import, by package; here they are found when a config names them.
DADAPTATION_OPTIMIZERS = _names_from("dadaptation")
LION_OPTIMIZERS = _names_from("lion_pytorch")
SOPHIA_OPTIMIZERS = _names_from("sophia")
TRANSFORMERS_OPTIMIZERS = _names_from("transformers")
BITSANDBYTES_OPTIMIZERS = ["bnb_*"] if _is_installed("bitsandbytes") else []
NPU_OPTIMIZERS: list[str] = []


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
