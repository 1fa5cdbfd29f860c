"""The optimizer's state: several optimizers, the scaler of mixed precision, and whether it fits a config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from mmmigrate.compat.checkpoint.errors import CheckpointError

State = dict[str, Any]


def each(state: Mapping[str, Any], change: Callable[[str | None, State], State]) -> State:
    """Applies `change(name, state)` to one optimizer's state, or to each of several by name."""
    if "param_groups" in state:
        if not isinstance(state["param_groups"], list) or not isinstance(state.get("state"), Mapping):
            raise TypeError("an optimizer's state has a list of param_groups and a dict of states")
        return change(None, dict(state))
    return {name: change(name, dict(one)) for name, one in state.items()}


def scaler_of(meta: Mapping[str, Any]) -> State | None:
    """The state of the gradient scaler that mmcv keeps in a checkpoint's meta; None if there is none of torch's."""
    state = (meta.get("fp16") or {}).get("loss_scaler")
    return dict(state) if isinstance(state, Mapping) and "scale" in state else None


def config_of(tree: Mapping[str, Any] | None, name: str | None) -> Mapping[str, Any] | None:
    """The `optimizer` of a v3 config, or that of one wrapper by name."""
    wrapper = (tree or {}).get("optim_wrapper") or {}
    if name is not None:
        wrapper = wrapper.get(name) or {}
    found = wrapper.get("optimizer") if isinstance(wrapper, Mapping) else None
    return found if isinstance(found, Mapping) else None


def defaults_of(config: Mapping[str, Any] | None) -> State | None:
    """All settings of the optimizer that a config describes, with torch's defaults; None for a class not torch's."""
    kind = getattr(torch.optim, str((config or {}).get("type")), None)
    if config is None or kind is None:
        return None
    parameter = torch.nn.Parameter(torch.zeros(1))
    try:
        defaults: State = kind([parameter], **{key: value for key, value in config.items() if key != "type"}).defaults
    except (TypeError, ValueError):
        return None
    return defaults


def check_against(tree: Mapping[str, Any], name: str | None, state: State) -> None:
    """Raises CheckpointError if the optimizer of the config cannot be the one that was saved.

    What can be told without the model: its settings, and how parameters are grouped.
    """
    config = config_of(tree, name)
    defaults = defaults_of(config)
    if config is None or defaults is None:
        return
    what = f"the config's optimizer{'' if name is None else f' {name!r}'} is {config['type']}"
    groups = state["param_groups"]
    telling = {"momentum", "betas", "alpha", "rho"}
    missing = sorted((telling & defaults.keys()) - groups[0].keys())
    if missing:
        raise CheckpointError(f"{what}, but the checkpoint's has no {', '.join(missing)}: another optimizer was saved")
    wrapper = tree["optim_wrapper"] if name is None else tree["optim_wrapper"][name]
    plain = not wrapper.get("paramwise_cfg") and not wrapper.get("constructor") and "constructor" not in config
    sizes = [len(group["params"]) for group in groups]
    if plain and len(groups) != 1:
        raise CheckpointError(
            f"{what} with one group, but the checkpoint's has {len(groups)}: was there paramwise_cfg?"
        )
    if wrapper.get("paramwise_cfg") and not wrapper.get("constructor") and any(size != 1 for size in sizes):
        raise CheckpointError(
            f"{what} with paramwise_cfg, which makes one group for each parameter, but the checkpoint's groups hold "
            f"{sizes[:5]} parameters"
        )
