"""The position of v3's schedulers, which v2 does not save: they are stepped from the start to where the run stood."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch

import mmmigrate.compat.adapters  # noqa: F401  # registers the closed-form schedulers
from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.checkpoint.optimizer import State, config_of, defaults_of
from mmmigrate.compat.checkpoint.position import Position
from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS

_MOVED = ("lr", "momentum", "betas")


def advanced(
    tree: Mapping[str, Any], name: str | None, state: State, position: Position
) -> tuple[list[State], State] | None:
    """The states of the schedulers at `position`, and the optimizer's state with the rates of the next iteration.

    None if the config has no schedulers. Raises CheckpointError for a scheduler that is not known here, or whose
    values depend on metrics.
    """
    configs = _configs(tree, name)
    if not configs:
        return None
    groups = state["param_groups"]
    each_differs = any(isinstance(config.get("max_lr"), (list, tuple)) for config in configs)
    chosen, place = _distinct(groups, each_differs)
    wrapper = _wrapper([groups[i] for i in chosen], defaults_of(config_of(tree, name)), several=len(groups) > 1)
    schedulers = [_built(config, wrapper, tree, position) for config in configs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # schedulers miss the optimizer's steps here
        _run(schedulers, position)
    moved = {**state, "param_groups": [_with(group, chosen, place[i], wrapper) for i, group in enumerate(groups)]}
    if wrapper.base_param_settings is not None:
        moved["base_param_settings"] = wrapper.base_param_settings
    return [_expanded(scheduler.state_dict(), place) for scheduler in schedulers], moved


def _configs(tree: Mapping[str, Any], name: str | None) -> list[dict[str, Any]]:
    given = tree.get("param_scheduler")
    if isinstance(given, Mapping) and "type" not in given:
        given = given.get(name)
    if given is None:
        return []
    return [dict(entry) for entry in (given if isinstance(given, Sequence) else [given])]


def _distinct(groups: list[State], each_differs: bool) -> tuple[list[int], list[int]]:
    """Groups that differ in what schedulers see, and for each group which of them it is like: hundreds share a few."""
    known: dict[str, int] = {}
    chosen: list[int] = []
    place: list[int] = []
    for i, group in enumerate(groups):
        key = (
            str(i)
            if each_differs
            else repr([group.get(k) for k in ("initial_lr", "lr", "initial_momentum", "momentum", "betas")])
        )
        if key not in known:
            known[key] = len(chosen)
            chosen.append(i)
        place.append(known[key])
    return chosen, place


def _wrapper(groups: list[State], defaults: State | None, several: bool) -> OptimWrapper:
    """An optimizer wrapper around the groups as they were before the first iteration, without a model."""
    entries = []
    for group in groups:
        settings = {key: value for key, value in group.items() if key != "params"}
        entries.append({**settings, **_initial(group), "params": [torch.nn.Parameter(torch.zeros(1))]})
    own = {key: value for key, value in entries[0].items() if key != "params" and not key.startswith("initial_")}
    wrapper = OptimWrapper(torch.optim.Optimizer(entries, dict(defaults or own)))
    wrapper.base_param_settings = {"params": torch.tensor([0.0]), **(defaults or own)} if several else None
    return wrapper


def _initial(group: State) -> State:
    found: State = {"lr": group.get("initial_lr", group.get("lr"))}
    if "initial_momentum" in group and "momentum" in group:
        found["momentum"] = group["initial_momentum"]
    elif "initial_momentum" in group and "betas" in group:
        found["betas"] = (group["initial_momentum"], *group["betas"][1:])
    return found


def _built(config: dict[str, Any], wrapper: OptimWrapper, tree: Mapping[str, Any], position: Position) -> Any:
    loop, kind = tree.get("train_cfg") or {}, config.get("type")
    arguments = copy.deepcopy(config)
    length = position.epoch_length
    if "Plateau" in str(kind):
        raise CheckpointError(f"the position of {kind} depends on metrics, which v2 does not save: give --no-schedule")
    by_epoch = arguments.get("by_epoch", True)
    needs_length = arguments.get("convert_to_iter_based") or (by_epoch and position.by_epoch)
    needs_length = needs_length or ("end" not in arguments and not by_epoch and "max_iters" not in loop)
    if needs_length and length is None:
        raise CheckpointError(f"{kind} counts by epochs of a length that is not known here: give --iters-per-epoch")
    if by_epoch:
        arguments.setdefault("end", loop.get("max_epochs", 1))
    else:
        arguments.setdefault("end", loop["max_iters"] if "max_iters" in loop else loop["max_epochs"] * length)
    try:
        return PARAM_SCHEDULERS.build(arguments, default_args={"optimizer": wrapper, "epoch_length": length})
    except Exception as error:  # a scheduler may raise anything that its arguments lead it to
        raise CheckpointError(
            f"the position of scheduler {kind} cannot be computed ({type(error).__name__}: {error}): give a --config "
            "with schedulers that are known here, or --no-schedule"
        ) from error


def _run(schedulers: list[Any], position: Position) -> None:
    length = position.epoch_length or position.iter + 1
    for i in range(position.iter):
        for scheduler in schedulers:
            if not scheduler.by_epoch:
                scheduler.step()
        # an iteration loop ends no epoch while it runs
        if position.by_epoch and (i + 1) % length == 0 and (i + 1) // length <= position.epoch:
            for scheduler in schedulers:
                if scheduler.by_epoch:
                    scheduler.step()


def _with(group: State, chosen: list[int], index: int, wrapper: OptimWrapper) -> State:
    like = wrapper.optimizer.param_groups[index]
    added = {key: value for key, value in like.items() if key.startswith("initial_")}
    return {**group, **{key: like[key] for key in _MOVED if key in group}, **added}


def _expanded(state: State, place: list[int]) -> State:
    """The lists with one entry for each group, and that of the base settings, which comes last."""
    result = dict(state)
    for key in ("base_values", "_last_value"):
        if isinstance(result.get(key), list):
            values = result[key]
            result[key] = [values[i] for i in place] + values[max(place) + 1 :]
    return result
