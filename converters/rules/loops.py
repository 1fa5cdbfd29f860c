"""Which train loop a run needs: mmengine's own, or the one that follows v2's workflow and times of evaluation."""

from __future__ import annotations

from mmmigrate.converters.rules.experiment import Experiment

STOCK = {"epoch": "EpochBasedTrainLoop", "iter": "IterBasedTrainLoop"}
V2 = {kind: f"mmmigrate.compat.adapters.V2{name}" for kind, name in STOCK.items()}


def take_v2_loop(exp: Experiment) -> None:
    """From now on the train loop is the one that mmmigrate ships."""
    if exp.run_length is not None:
        exp.put("train_cfg.type", V2[exp.run_length.kind])


def has_v2_loop(exp: Experiment) -> bool:
    """Whether an earlier rule took it."""
    return exp.run_length is not None and exp.v3["train_cfg"].get("type") == V2[exp.run_length.kind]
