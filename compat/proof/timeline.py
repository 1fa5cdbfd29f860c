"""The timeline proof: the whole run of both configs predicted and compared, without model or data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmmigrate.compat.proof.engines import Run
from mmmigrate.compat.proof.predict import PredictionError, Tick, predict_v2, predict_v3
from mmmigrate.compat.proof.verify import Proof, converted
from mmmigrate.compat.schedule import ScheduleError
from mmmigrate.compat.trace import Comparison, compare
from mmmigrate.compat.trace.format import Column, TraceWriter
from mmmigrate.compat.trace.verdict import NOT_COMPARED
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import plain


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
        write_ticks(runs[0].trace, predict_v2(_read(old_path), iters_per_epoch), f"timeline of {old_path.name}")
        write_ticks(runs[1].trace, predict_v3(_read(new_path), iters_per_epoch), f"timeline of {new_path.name}")
        comparison = compare(runs[0].trace, runs[1].trace, ulp=ulp)
    except (PredictionError, ScheduleError) as error:
        comparison = Comparison(NOT_COMPARED, 0, reason=str(error))
    return Proof(old_path, new_path, new is None, comparison, runs, findings)


def write_ticks(path: Path, ticks: Iterable[Tick], engine: str) -> None:
    """Writes predicted iterations as a trace, for the same comparison and report as a recorded one."""
    with TraceWriter(path, {"engine": engine}) as writer:
        for i, tick in enumerate(ticks):
            columns = tuple(Column("schedule", name, "f8") for name in tick.rates)
            writer.row(i, columns, list(tick.rates.values()))
            if tick.evaluates:
                writer.event(i, "evaluation", "metrics", {})
            if tick.checkpoint:
                writer.event(i, "checkpoint", tick.checkpoint, {})


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = plain(Loader().load(path).merged)
    return read
