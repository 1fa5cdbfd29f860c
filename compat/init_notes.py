"""Who initialized which parameter: kept while a model's weights are initialized."""

from __future__ import annotations

from typing import Any

from torch import nn

ATTRIBUTE = "_params_init_info"


def update_init_info(module: nn.Module, init_info: str) -> None:
    """Note `init_info` for every parameter of `module` that changed since the last note (told by its mean).

    Does nothing while no notes are kept. A parameter that appeared meanwhile is an error.
    """
    notes: dict[nn.Parameter, dict[str, Any]] | None = getattr(module, ATTRIBUTE, None)
    if notes is None:
        return
    for name, param in module.named_parameters():
        if param not in notes:
            raise RuntimeError(
                f"init_weights of {type(module).__name__} added or replaced the parameter {name}: "
                "initialize parameters in place"
            )
        mean = param.data.mean()
        if notes[param]["tmp_mean_value"] != mean:
            notes[param].update(init_info=init_info, tmp_mean_value=mean)


def begin(module: nn.Module) -> bool:
    """Begin to keep notes for `module` and everything inside; false if they are kept already."""
    if hasattr(module, ATTRIBUTE):
        return False
    unchanged = f"The value is the same before and after calling `init_weights` of {type(module).__name__} "
    notes = {param: {"init_info": unchanged, "tmp_mean_value": param.data.mean()} for param in module.parameters()}
    for part in module.modules():
        setattr(part, ATTRIBUTE, notes)
    return True


def end(module: nn.Module) -> dict[nn.Parameter, dict[str, Any]]:
    """Stop keeping notes; gives them."""
    notes: dict[nn.Parameter, dict[str, Any]] = getattr(module, ATTRIBUTE, {})
    for part in module.modules():
        if hasattr(part, ATTRIBUTE):
            delattr(part, ATTRIBUTE)
    return notes
