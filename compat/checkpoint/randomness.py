"""The state of the random generators: runtime_v2's form and runtime_v3's hold the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def to_v3(state: Mapping[str, Any]) -> dict[str, Any]:
    version, internal, gauss = state["python"]
    _, keys, position, has_gauss, cached = state["numpy"]
    return {
        "python": (version, internal, gauss),
        "numpy": (keys, position, has_gauss, cached),
        "torch": state["torch"],
        **({"cuda": state["cuda"]} if state.get("cuda") else {}),
    }


def to_v2(state: Mapping[str, Any]) -> dict[str, Any]:
    version, internal, gauss = state["python"]
    keys, position, has_gauss, cached = state["numpy"]
    return {
        "python": [version, list(internal), gauss],
        "numpy": ["MT19937", keys, position, has_gauss, cached],
        "torch": state["torch"],
        "cuda": state.get("cuda", []),
    }


def pass_to_v3(state: Mapping[str, Any]) -> dict[str, Any]:
    """Where a pass over data stands, with the random states that it needs."""
    return {**state, **{key: to_v3(state[key]) for key in ("rng", "first") if key in state}}


def pass_to_v2(state: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in state.items() if key != "phase"}
    return {**rest, **{key: to_v2(state[key]) for key in ("rng", "first") if key in state}}
