"""The whole course of one config: every rate, momentum, evaluation and checkpoint of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mmmigrate.compat.proof.groups import Group, groups_v2, groups_v3
from mmmigrate.compat.proof.predict import predicted_v2, predicted_v3, run_length, run_length_v3
from mmmigrate.compat.schedule import RunLength

Generation = Literal["v2", "v3"]


@dataclass(frozen=True)
class Course:
    """``lr`` and ``momentum`` are by group, then by iteration (0-based); events count finished iterations."""

    generation: Generation
    run: RunLength
    groups: list[Group]
    lr: list[list[float]]
    momentum: list[list[float]]
    evaluations: list[int]
    checkpoints: list[tuple[int, str]]

    @property
    def iterations(self) -> int:
        return len(self.lr[0]) if self.lr else 0

    @property
    def unit(self) -> str:
        """What one step of the course is: an iteration, or an epoch where nothing happens inside of it."""
        return "epoch" if self.run.runner == "epoch" and self.run.iters_per_epoch == 1 else "iteration"

    def distinct(self, series: list[list[float]]) -> list[int]:
        """The groups whose values (`lr` or `momentum`) differ from those of all groups before them."""
        return [i for i, values in enumerate(series) if values not in series[:i]]


def course(config: Mapping[str, Any], generation: Generation, iters_per_epoch: int) -> Course:
    """Raises PredictionError or ScheduleError for a run that cannot be predicted."""
    is_v2 = generation == "v2"
    groups = groups_v2(config) if is_v2 else groups_v3(config)
    length = (run_length if is_v2 else run_length_v3)(config, iters_per_epoch)
    found = (predicted_v2 if is_v2 else predicted_v3)(config, iters_per_epoch)
    return Course(
        generation,
        length,
        groups,
        found.lr.tolist(),
        found.momentum.tolist(),
        [i + 1 for i in found.evaluations],
        [(i + 1, name) for i, name in found.checkpoints.items()],
    )


def needs_epoch_length(config: Mapping[str, Any], generation: Generation) -> str:
    """What in a run of epochs is counted in iterations, so that their number must be known; empty if nothing is."""
    if generation == "v2":
        if run_length(config, 1).runner == "iter":
            return ""
        counted = [_iterations_v2(config.get(key), key) for key in ("lr_config", "momentum_config")]
        counted.append(_by_iteration(config.get("checkpoint_config"), "checkpoint_config"))
    else:
        if run_length_v3(config, 1).runner == "iter":
            return ""
        given = config.get("param_scheduler")
        entries = given if isinstance(given, (list, tuple)) else [given]
        counted = [_iterations_v3(entry) for entry in entries if isinstance(entry, Mapping)]
        counted.append(_by_iteration((config.get("default_hooks") or {}).get("checkpoint"), "the checkpoint hook"))
    return next((reason for reason in counted if reason), "")


def _iterations_v2(schedule: Any, key: str) -> str:
    if not isinstance(schedule, Mapping):
        return ""
    if schedule.get("warmup") is not None:
        return f"the warm-up of {key}"
    if schedule.get("by_epoch") is False or str(schedule.get("policy")).lower() in ("cyclic", "onecycle"):
        return f"the policy of {key}"
    if schedule.get("schedulers"):
        return "the schedulers of lr_config"
    return ""


def _iterations_v3(entry: Mapping[str, Any]) -> str:
    name = str(entry.get("type")).rpartition(".")[2]
    if name.startswith("ClosedForm"):
        inside = entry.get("warmup") is not None or entry.get("policy_by_epoch") is False
        return f"the scheduler {name}" if inside or entry.get("policy") in ("cyclic", "OneCycle") else ""
    if "type" not in entry or not entry.get("by_epoch", True) or entry.get("convert_to_iter_based"):
        return f"the scheduler {name}" if "type" in entry else "the schedulers"
    return ""


def _by_iteration(hook: Any, name: str) -> str:
    return name if isinstance(hook, Mapping) and hook.get("by_epoch") is False else ""
