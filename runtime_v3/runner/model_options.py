"""Options of the config that change how the model computes."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def turn_on_options(cfg: Any, model: nn.Module, logger: Any) -> None:
    """Turns on what `cfg` asks for: `activation_checkpointing` and `efficient_conv_bn_eval`, names of submodules."""
    modules = cfg.get("activation_checkpointing")
    if modules is not None:
        logger.info(f'Enabling the "activation_checkpointing" feature for sub-modules: {modules}')
        turn_on_activation_checkpointing(model, modules)
    modules = cfg.get("efficient_conv_bn_eval")
    if modules is not None:
        from mmmigrate.runtime_v3.model.efficient_conv_bn_eval import turn_on_efficient_conv_bn_eval

        logger.info(f'Enabling the "efficient_conv_bn_eval" feature for sub-modules: {modules}')
        turn_on_efficient_conv_bn_eval(model, modules)


def turn_on_activation_checkpointing(model: nn.Module, modules: list[str] | str) -> None:
    """Computes the named submodules a second time in the backward pass instead of keeping what they computed."""
    for name in [modules] if isinstance(modules, str) else modules:
        try:
            module = attrgetter(name)(model)
        except AttributeError as error:
            known = [child for child, _ in model.named_modules() if child]
            raise ValueError(
                f"activation_checkpointing: {name!r} is not a submodule; there are {known[:20]}"
            ) from error
        module.forward = wrap_forward(module.forward)


def wrap_forward(forward: Any) -> Any:
    """`forward`, computed a second time in the backward pass."""
    return partial(_recomputed, forward)


def _recomputed(forward: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
    result: torch.Tensor = checkpoint(forward, *args, use_reentrant=False, **kwargs)
    return result
