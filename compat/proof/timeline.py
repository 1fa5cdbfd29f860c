"""The timeline proof: the whole run of both configs predicted and compared, without model or data."""

from __future__ import annotations

import tempfile
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from mmmigrate.compat.proof.engines import Run
from mmmigrate.compat.proof.predict import Prediction, PredictionError, predicted_v2, predicted_v3
from mmmigrate.compat.proof.verify import Proof, converted
from mmmigrate.compat.schedule import ScheduleError
from mmmigrate.compat.trace import Comparison, compare
from mmmigrate.compat.trace.format import BLOCK_WORDS, Column, TraceWriter
from mmmigrate.compat.trace.verdict import NOT_COMPARED
from mmmigrate.converters.read.load import read_tree


def verify_timeline(
    old: str | Path,
    new: str | Path | None = None,
    *,
    iters_per_epoch: int = 50,
    ulp: int = 0,
    work_dir: str | Path | None = None,
) -> Proof:
    """Compares every learning rate, momentum, evaluation and checkpoint of a whole run, as `old` and `new` say them.

    `new` is converted from `old` when left out. The length of an epoch depends on the data, so it is given: a schedule
    that is right for one length and wrong for another is caught at the other. Configs are read, never executed.
    """
    folder = Path(work_dir or tempfile.mkdtemp(prefix="mmmigrate-timeline-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    old_path = Path(old)
    new_path, findings = (Path(new), list[Any]()) if new else converted(old_path, folder / "converted")
    runs = tuple(Run(side, folder / f"{side}.trace", folder / f"{side}.log", 0) for side in ("old", "new"))
    try:
        predictions = (
            predicted_v2(read_tree(old_path), iters_per_epoch),
            predicted_v3(read_tree(new_path), iters_per_epoch),
        )
        momenta = {index for found in predictions for index in np.flatnonzero(found.momentum.any(axis=1)).tolist()}
        for run, found, path in zip(runs, predictions, (old_path, new_path)):
            write_prediction(run.trace, found, f"timeline of {path.name}", momenta)
        comparison = compare(runs[0].trace, runs[1].trace, ulp=ulp)
    except (PredictionError, ScheduleError) as error:
        comparison = Comparison(NOT_COMPARED, 0, reason=str(error))
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:  # arguments that no schedule takes
        comparison = Comparison(NOT_COMPARED, 0, reason=f"the run cannot be predicted: {error}")
    return Proof(old_path, new_path, new is None, comparison, runs, findings)


def write_prediction(path: Path, found: Prediction, engine: str, momenta: set[int]) -> None:
    """Writes a prediction as a trace, for the same comparison and report as a recorded one.

    `momenta` are the groups of which either run has a momentum.
    """
    columns = {f"lr[{index}]": values for index, values in enumerate(found.lr)}
    columns.update({f"momentum[{index}]": values for index, values in enumerate(found.momentum) if index in momenta})
    with TraceWriter(path, {"engine": engine}) as writer:
        names = tuple(Column("schedule", name, "f8") for name in columns)
        evaluations = set(found.evaluations)
        happens = deque(sorted(evaluations | found.checkpoints.keys()))
        size = max(1, BLOCK_WORDS // len(names))
        for first in range(0, found.lr.shape[1], size):
            writer.block(first, names, [values[first : first + size] for values in columns.values()])
            while happens and happens[0] < first + size:
                iteration = happens.popleft()
                if iteration in evaluations:
                    writer.event(iteration, "evaluation", "metrics", {})
                if iteration in found.checkpoints:
                    writer.event(iteration, "checkpoint", found.checkpoints[iteration], {})
