"""From the parts of a v2 checkpoint to those of a v3 checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.checkpoint import averages, meta, optimizer, randomness, schedule
from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.checkpoint.experiment import Experiment
from mmmigrate.compat.checkpoint.plan import Plan
from mmmigrate.compat.checkpoint.position import Position
from mmmigrate.compat.priority import get_priority

_KNOWN = ("meta", "state_dict", "optimizer")


def convert(files: Mapping[str, Any], position: Position | None, plan: Plan) -> dict[str, Any]:
    """The v3 checkpoint. `files` has `checkpoint`, and `resume_point` if runtime_v2 wrote one."""
    old, point = files["checkpoint"], files.get("resume_point") or {}
    old_meta = {**(old.get("meta") or {}), **point.get("meta", {})}
    steps = position.iter if position is not None else 0
    swapped = _swapped(position, bool(point), plan.experiment)
    model, trained = averages.to_v3(point.get("model", old["state_dict"]), steps, swapped)
    if trained is not None and position is not None and not _goes_on_averaging(plan.experiment):
        plan.experiment.notes.append(
            "the config has no EMA hook: state_dict has the weights as trained, the averages are kept for the way home"
        )
        model, trained = averages.exchanged(model, trained)[0], None
    new_meta, hub = meta.to_v3(old_meta, position, plan.experiment.text)
    new: dict[str, Any] = {"meta": new_meta, "state_dict": plan.renamed(model)}
    if position is not None:
        new["message_hub"] = hub
    state = point.get("optimizer") or old.get("optimizer")
    if state:
        new.update(_optimizer(state, old_meta, position, plan))
    if trained is not None:
        new["ema_state_dict"] = plan.renamed(trained, "module.")
    if point:
        new.update(going_on(point, plan))
    return {**new, **{key: value for key, value in old.items() if key not in _KNOWN}}


def going_on(point: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """What a process needs to go on exactly, of its resume point: runtime_v2 writes that once it has evaluated."""
    passes = [randomness.pass_to_v3(data) for data in point["loaders"]]
    resumed: dict[str, Any] = {"data": passes[0]} if passes else {}
    if len(passes) > 1:  # of the workflow's val phases
        passes[0]["phase"] = passes[1]
    gradients = {name: value for waiting in point["gradients"] for name, value in waiting.items()}
    if gradients:
        resumed["gradients"] = plan.renamed(gradients)
    rng = {**randomness.to_v3(point["rng"]), "stage": "val"}
    return {"rng_state": rng, **({"resume_state": resumed} if resumed else {})}


def _optimizer(
    state: Mapping[str, Any], old_meta: Mapping[str, Any], position: Position | None, plan: Plan
) -> dict[str, Any]:
    scaler, tree = optimizer.scaler_of(old_meta), plan.experiment.v3
    states: dict[str | None, Any] = {}

    def change(name: str | None, one: optimizer.State) -> optimizer.State:
        if tree is not None:
            optimizer.check_against(tree, name, one)
        if plan.schedule and tree is not None and position is not None:
            advanced = schedule.advanced(tree, name, one, position)
            if advanced is not None:
                states[name], one = advanced
        return one if scaler is None else {**one, "loss_scaler": scaler}

    new: dict[str, Any] = {"optimizer": optimizer.each(state, change)}
    if plan.schedule and tree is None and position is not None:
        raise CheckpointError(
            "the position of the schedule cannot be computed without a config: give --config (the v3 config that is to "
            "go on, or the v2 config), or --no-schedule to let the schedule begin anew"
        )
    if states:
        new["param_schedulers"] = states.get(None, states)
    return new


def _goes_on_averaging(experiment: Experiment) -> bool:
    """Whether the run that goes on averages its weights; taken for granted where no config is known."""
    hooks = (experiment.v3 or {}).get("custom_hooks") or []
    return experiment.v3 is None or any("EMA" in str(hook.get("type")) for hook in hooks if isinstance(hook, Mapping))


def _swapped(position: Position | None, exact: bool, experiment: Experiment) -> bool:
    """Whether the averages stand in the place of the weights: from the end of an epoch to the start of the next."""
    if position is None or not position.by_epoch or position.inside:
        return position is None
    if exact:  # a resume point is written when all hooks of the epoch are done
        return True
    # Else it depends on whether the hook that averages goes before the one that saves.
    hooks = (experiment.v2 or {}).get("custom_hooks") or []
    levels = [hook.get("priority", "NORMAL") for hook in hooks if "EMA" in str(hook.get("type"))]
    return not levels or min(map(get_priority, levels)) < get_priority("NORMAL")
