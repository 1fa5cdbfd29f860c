"""From the parts of a v3 checkpoint to those of a v2 checkpoint, and of the resume point that runtime_v2 reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.checkpoint import averages, meta, optimizer, randomness
from mmmigrate.compat.checkpoint.plan import Plan
from mmmigrate.compat.checkpoint.position import Position
from mmmigrate.compat.workflow import place_in

_KNOWN = {"meta", "state_dict", "message_hub", "optimizer", "param_schedulers", "ema_state_dict", "rng_state"}
_KNOWN |= {"resume_state", "ema_swapped"}


def convert(old: Mapping[str, Any], position: Position | None, plan: Plan) -> dict[str, Any]:
    """`checkpoint`, and `resume_point` if the random state is known, so that runtime_v2 goes on exactly."""
    swapped = position is None or (position.by_epoch and not position.inside)
    trained = old.get("ema_state_dict")
    trained = None if trained is None else plan.renamed(trained, "module.")
    model = plan.renamed(old["state_dict"])
    if trained is not None and old.get("ema_swapped") is False:  # of V2EMAHook: the averages are in ema_state_dict
        model, trained = averages.exchanged(model, trained)
    weights = averages.to_v2(model, trained, swapped, every="ema_swapped" in old)
    new_meta = meta.to_v2(old.get("meta") or {}, old.get("message_hub") or {}, position, plan.experiment.text)
    new: dict[str, Any] = {"meta": new_meta, "state_dict": weights}
    if old.get("optimizer"):
        new["optimizer"] = optimizer.each(old["optimizer"], lambda name, state: _plain(state, new_meta))
    new.update({key: value for key, value in old.items() if key not in _KNOWN})
    files: dict[str, Any] = {"checkpoint": new}
    if "rng_state" in old and position is not None:
        files["resume_point"] = _resume_point(old, position, new_meta, plan)
    return files


def _plain(state: optimizer.State, new_meta: meta.Meta) -> optimizer.State:
    scaler = state.pop("loss_scaler", None)
    if scaler:
        new_meta.setdefault("fp16", {})["loss_scaler"] = scaler
    state.pop("base_param_settings", None)
    return state


def _workflow(plan: Plan) -> list[tuple[str, int]]:
    given = ((plan.experiment.v3 or {}).get("train_cfg") or {}).get("workflow") or [("train", 1)]
    return [(mode, length) for mode, length in given]


def _resume_point(
    old: Mapping[str, Any], position: Position, new_meta: Mapping[str, Any], plan: Plan
) -> dict[str, Any]:
    served = 0 if position.data is None else position.data["served"]
    passes = int((position.data or {}).get("epoch", 0))
    return {
        "position": place_in(_workflow(plan), position.epoch if position.by_epoch else position.iter),
        "counters": [position.epoch if position.by_epoch else passes, position.iter, served],
        **going_on(old, plan),
        "meta": {key: new_meta[key] for key in ("hook_msgs", "fp16") if key in new_meta},
        **({"evaluation_due": True} if position.due else {}),
    }


def going_on(old: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """What is a process's own in its resume point, from its `rng_state` and `resume_state`."""
    resumed = old.get("resume_state") or {}
    data, gradients = resumed.get("data"), resumed.get("gradients")
    passes = [] if data is None else [data, *([data["phase"]] if data.get("phase") is not None else [])]
    return {
        "rng": randomness.to_v2(old["rng_state"]),
        "loaders": [randomness.pass_to_v2(each) for each in passes],
        "gradients": [plan.renamed(gradients)] if gradients else [],
    }
