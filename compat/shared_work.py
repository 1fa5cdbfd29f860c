"""Work shared out between this process and copies of it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def shared_out(work: Callable[[int], Result], pieces: int, jobs: int) -> list[Result]:
    """``[work(0), …, work(pieces - 1)]``, made in ``jobs`` processes: this one, and forks of it.

    Each has a run of neighbouring pieces of its own, and then takes the next that nobody has taken, so that none
    waits for a slow one. A fork starts with all that this process knows, and costs a few milliseconds. A piece whose
    process died is made here. Where there is no ``fork`` everything is.
    """
    made: dict[int, Result] = {}
    helpers: list[tuple[int, int]] = []  # process and the end of its pipe
    jobs = min(jobs, pieces)
    if hasattr(os, "fork") and jobs > 1:
        runs = [range(pieces * job // jobs, pieces * (job + 1) // jobs) for job in range(jobs)]
        own = [run[: len(run) * 3 // 4] for run in runs]
        take, given = os.pipe()
        rest = [index for run, kept in zip(runs, own) for index in run[len(kept) :]]
        os.write(given, b"".join(index.to_bytes(4, "big") for index in rest))
        os.close(given)
        helpers = [_helper(work, run, take) for run in own[1:]]
        made.update(_taken(work, own[0], take))
        os.close(take)
    for process, end in helpers:
        made.update(_received(process, end))
    return [made[index] if index in made else work(index) for index in range(pieces)]


def _taken(work: Callable[[int], Result], own: range, take: int) -> dict[int, Result]:
    """The pieces that this process makes. A pipe hands out its bytes once, whoever reads."""
    made = {index: work(index) for index in own}
    while piece := os.read(take, 4):
        index = int.from_bytes(piece, "big")
        made[index] = work(index)
    return made


def _helper(work: Callable[[int], Result], own: range, take: int) -> tuple[int, int]:
    end, send = os.pipe()
    process = os.fork()
    if process:
        os.close(send)
        return process, end
    status = 1
    try:
        with os.fdopen(send, "wb") as stream:
            pickle.dump(_taken(work, own, take), stream, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)  # nothing of what this process would do at its end is the copy's business


def _received(process: int, end: int) -> dict[int, Result]:
    with os.fdopen(end, "rb") as stream:
        data = stream.read()
    _, status = os.waitpid(process, 0)
    if status:
        return {}
    found: dict[int, Result] = pickle.loads(data)
    return found
