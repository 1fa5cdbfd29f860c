"""Where a saved run stood. The two generations count differently, and v2 depends on which runner wrote the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Position:
    """`epoch` and `iter` are what is finished; `data` is where the pass over the data stands, None between epochs.

    `by_epoch` is the kind of runner. `due` says that the evaluation belonging to this place is still to come.
    """

    by_epoch: bool
    epoch: int
    iter: int
    inside: bool = False
    data: Mapping[str, Any] | None = None
    due: bool = False
    epoch_length: int | None = None


def of_v2(
    checkpoint: Mapping[str, Any], point: Mapping[str, Any] | None, name: str, by_epoch: bool | None
) -> Position | None:
    """The position of a v2 checkpoint called `name`, with its resume point if there is one; None for weights only.

    `by_epoch` is what the config says of the runner. Without a resume point mmcv's counting is undone: an iteration
    runner writes the number of the iteration that it has just done, which is one less than it has finished.
    """
    meta = checkpoint.get("meta") or {}
    if point is not None:
        epoch, done, _ = point["counters"]
        data = point["loaders"][0] if point["loaders"] else None
        kind = data is None or "epoch" not in data
        length = point.get("epoch_length")
        return Position(kind, epoch, done, data is not None, data, epoch_length=length or _length(epoch, done, data))
    if "epoch" not in meta or "iter" not in meta:
        return None
    epoch, done = meta["epoch"], meta["iter"]
    numbered = re.search(r"iter_(\d+)", name)
    if by_epoch is None:
        by_epoch = numbered is None
    if by_epoch:
        return Position(True, epoch, done, epoch_length=_length(epoch, done, None))
    if numbered is not None and int(numbered[1]) in (done, done + 1):
        return Position(False, 0, int(numbered[1]), True)
    return Position(False, 0, done + 1, True)


def _length(epoch: int, done: int, data: Any) -> int | None:
    return done // epoch if epoch and data is None and done % epoch == 0 else None


def of_v3(checkpoint: Mapping[str, Any], by_epoch: bool | None) -> Position | None:
    """The position of a v3 checkpoint; None for weights only."""
    meta = checkpoint.get("meta") or {}
    if "epoch" not in meta or "iter" not in meta:
        return None
    data = (checkpoint.get("resume_state") or {}).get("data")
    if by_epoch is None:
        by_epoch = "epoch" not in data if data is not None else meta["epoch"] > 0 or not meta["iter"]
    state = checkpoint.get("rng_state")
    due = state is not None and state.get("stage") != "val" and (data is None or not by_epoch)
    inside = data is not None or not by_epoch
    return Position(by_epoch, meta["epoch"], meta["iter"], inside, data, due)


def resume_file(path: Path, rank: int = 0) -> Path:
    """Where a process keeps what a checkpoint lacks to go on: all of runtime_v2's, in v3 those behind the first."""
    return path.parent / ".resume" / f"{path.name}.rank{rank}"


def ranks_beside(path: Path) -> list[int]:
    """The processes behind the first that have such a file, without a gap."""
    return list(takewhile(lambda rank: resume_file(path, rank).is_file(), count(1)))
