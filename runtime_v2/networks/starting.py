"""How the image networks get their first weights, and which of their parts stay as they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from torch import nn

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.checkpoint import load_checkpoint
from mmmigrate.runtime_v2.module import constant_init, kaiming_init


def start(network: nn.Module, pretrained: str | None, linear: Callable[[nn.Module], object] | None = None) -> None:
    """Load a checkpoint, or draw convolutions by Kaiming's rule and let norms be the identity."""
    if isinstance(pretrained, str):
        load_checkpoint(network, pretrained, strict=False, logger=logging.getLogger())
        return
    if pretrained is not None:
        raise ArgumentTypeError(f"pretrained must be a str or None, got {type(pretrained).__name__}")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            kaiming_init(module)
        elif isinstance(module, nn.BatchNorm2d):
            constant_init(module, 1)
        elif isinstance(module, nn.Linear) and linear is not None:
            linear(module)


def hold_norms(network: nn.Module, frozen: bool) -> None:
    """Let every batch norm use its running statistics; `frozen`: its weight and bias are not trained either."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
            if frozen:
                module.requires_grad_(False)


def freeze(modules: Iterable[nn.Module]) -> None:
    """Neither train nor update these modules."""
    for module in modules:
        module.eval()
        module.requires_grad_(False)


def one_or_all(outputs: list[object]) -> object:
    """The only output, or a tuple of them."""
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
