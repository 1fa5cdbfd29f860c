"""What a conversion changes, in words: printed by a dry run, and after writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmmigrate.compat.checkpoint.convert import KEPT, Converted


def lines(converted: Converted, to: str) -> Iterator[str]:
    """One line for each part."""
    new, old = converted.files["checkpoint"], converted.old["checkpoint"]
    if converted.came_home:
        yield "came from this generation and is given back as it was"
        return
    yield from _position(converted)
    yield from _weights(converted, new, old)
    yield from _optimizer(new, old)
    if "param_schedulers" in new and "param_schedulers" not in old:
        yield f"param_schedulers: {_schedulers(new['param_schedulers'])}"
    for before, after, what in (("ema_state_dict", None, "averages: "), (None, "ema_state_dict", "averages: ")):
        if before in old and after is None and "ema_state_dict" not in new:
            count = sum(name.startswith("ema_") for name in new.get("state_dict", {}))
            yield f"{what}ema_state_dict -> {count} ema_ buffers in state_dict"
        if after in new and before is None and "ema_state_dict" not in old:
            yield f"{what}ema_ buffers of state_dict -> ema_state_dict; state_dict holds the averages"
    for side, part in ((converted.files, "resume point beside the checkpoint"), (new, "rng_state")):
        if ("resume_point" if side is converted.files else part) in side:
            others = f", and of {len(converted.files['ranks'])} more processes" if "ranks" in converted.files else ""
            yield f"random numbers and the place in the data: {part}{others}"
    yield from _kept(new, to)


def _position(converted: Converted) -> Iterator[str]:
    place = converted.position
    if place is not None:
        where = (
            "inside an epoch" if place.inside and place.by_epoch else "by epoch" if place.by_epoch else "by iteration"
        )
        yield f"position: {place.epoch} epochs, {place.iter} iterations done ({where})"


def _weights(converted: Converted, new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    before, after = old.get("state_dict", {}), new.get("state_dict", new)
    renamed = [name for name in after if name not in before and not name.startswith("ema_")]
    text = f"weights: {len(after)}"
    if renamed:
        text += f", {len(renamed)} renamed ({', '.join(converted.families)}), such as {renamed[0]}"
    yield text


def _optimizer(new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    if not new.get("optimizer"):
        return
    states = new["optimizer"] if "param_groups" not in new["optimizer"] else {"": new["optimizer"]}
    before = old["optimizer"] if "param_groups" not in old["optimizer"] else {"": old["optimizer"]}
    for name, state in states.items():
        groups, was = state["param_groups"], before.get(name, state)["param_groups"]
        text = f"optimizer{f' {name}' if name else ''}: {len(groups)} groups, {len(state['state'])} states"
        if groups[0].get("lr") != was[0].get("lr"):
            text += f", lr {was[0].get('lr')} -> {groups[0].get('lr')} (that of the next iteration)"
        yield text + (", with loss_scaler" if "loss_scaler" in state else "")


def _schedulers(states: Any) -> str:
    if isinstance(states, Mapping):
        return "; ".join(f"{name}: {_schedulers(each)}" for name, each in states.items())
    return ", ".join(f"at step {state.get('last_step')}" for state in states)


def _kept(new: Mapping[str, Any], to: str) -> Iterator[str]:
    patch = new.get(KEPT, {}).get("patch") if isinstance(new.get(KEPT), Mapping) else None
    if patch is not None:
        kept = [".".join(map(str, path[1:])) for path, _ in patch["set"]]
        if kept:
            shown = ", ".join(kept[:12]) + (f" and {len(kept) - 12} more" if len(kept) > 12 else "")
            yield f"kept under {KEPT!r} for the way home: {shown}"
