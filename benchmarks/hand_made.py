"""What hand-made migration did to the learning rate: docs/hand-made.md and its pictures, from published configs.

`make hand-made` pairs the experiments that both generations of mmdet, mmcls and mmseg published, predicts the learning
rate of either at every iteration from the merged configs, and asks of each pair where and why the two differ.
A reason is given only where undoing it makes the curves equal. Needs the extra `docs` (matplotlib).
"""

from __future__ import annotations

import copy
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np
from packs.agreement import CODEBASES, experiments, read_by_mmengine

from mmmigrate.compat.proof.course import course
from mmmigrate.compat.proof.groups import PredictionError
from mmmigrate.compat.schedule import ScheduleError
from mmmigrate.converters.read.load import read_tree

EPOCH = 600  # iterations in an epoch of every experiment: longer than the usual warm-up of 500
LONGEST = 400_000  # iterations that are worth predicting
SAME = 1e-12  # of the peak
Curve = np.ndarray[Any, np.dtype[np.float64]]

EQUAL = "equal at every iteration"
EARLY = "the warm-up ends one iteration early (`end=N` instead of `end=N+1`)"
EARLY_END = "the schedule ends one iteration early (poly with `end=N` instead of `end=N+1`)"
BASE = "another rate throughout, the shape is the same"
LENGTH = "another number of iterations"
WARM_UP = "another warm-up, the rest is the same"
MAIN = "the same warm-up, another rate after it"
BOTH = "another warm-up and another rate after it"


@dataclass
class Pair:
    """One experiment in both generations, with the rates of the first parameter group."""

    name: str
    old: Curve
    new: Curve
    kind: str

    @property
    def deviation(self) -> float:
        """The largest difference, in units of the old peak, over the iterations that both have."""
        length = min(len(self.old), len(self.new))
        return float(np.abs(self.old[:length] - self.new[:length]).max() / self.old.max())


def rates(tree: Mapping[str, Any], generation: Any) -> Curve:
    return np.array(course(tree, generation, EPOCH).lr[0])


def kind_of(old: Curve, new: Curve, old_tree: Mapping[str, Any], new_tree: Mapping[str, Any]) -> str:
    """Where the curves differ, and why where that can be shown."""
    if len(old) != len(new):
        return LENGTH
    peak = old.max()
    differs = np.abs(old - new) > SAME * peak
    if not differs.any():
        return EQUAL
    if np.abs(rates(ended_later(new_tree), "v3") - old).max() <= SAME * peak:
        return EARLY if warm_up_length(old_tree) else EARLY_END
    if np.abs(new / new.max() - old / peak).max() <= 1e-9:
        return BASE
    warm_up = warm_up_length(old_tree)
    early, late = differs[:warm_up].any(), differs[warm_up:].any()
    return BOTH if early and late else WARM_UP if early else MAIN


def warm_up_length(tree: Mapping[str, Any]) -> int:
    """Iterations, the first one with the full rate included."""
    given = tree.get("lr_config") or {}
    if given.get("warmup") is None:
        return 0
    return int(given.get("warmup_iters", 0)) * (EPOCH if given.get("warmup_by_epoch") else 1) + 1


def ended_later(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same config with the end of the warm-up, or else of the schedule, one iteration later and nothing else."""
    changed = copy.deepcopy(dict(tree))
    schedulers = changed.get("param_scheduler") or []
    for entry in schedulers if isinstance(schedulers, list) else [schedulers]:
        if entry.get("begin", 0) == 0 and entry.get("by_epoch") is False and "end" in entry:
            entry["end"] += 1
            break
    return changed


def pairs_of(codebase: str) -> list[Pair]:
    paths = list(experiments(codebase))
    found = []
    for (old_path, _), new_tree in zip(paths, read_by_mmengine([new for _, new in paths])):
        try:
            old_tree = read_tree(old_path)
            if new_tree is None or "lr_config" not in old_tree:
                continue
            old, new = rates(old_tree, "v2"), rates(new_tree, "v3")
            if max(len(old), len(new)) <= LONGEST:
                found.append(Pair(old_path.stem, old, new, kind_of(old, new, old_tree, new_tree)))
        except (PredictionError, ScheduleError, KeyError, TypeError, ValueError) as error:
            print(f"{old_path.name}: left out: {error}", file=sys.stderr)
    return found


def main() -> None:
    from hand_made_page import write

    measured = {codebase: pairs_of(codebase) for codebase in CODEBASES}
    for codebase, found in measured.items():
        print(codebase, len(found), Counter(pair.kind for pair in found).most_common())
    write(measured, Path(__file__).resolve().parents[1] / "docs")


if __name__ == "__main__":
    main()
