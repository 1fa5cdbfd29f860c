"""Where a run stands in a v2 workflow."""

from __future__ import annotations

from collections.abc import Sequence


def place_in(workflow: Sequence[tuple[str, int]], done: int) -> tuple[int, int]:
    """(phase, how many of its epochs or iterations are done) behind `done` train epochs or iterations of the run.

    >>> [place_in([("train", 2), ("val", 1)], done) for done in range(4)]
    [(0, 0), (0, 1), (1, 0), (0, 1)]
    """
    cycle = sum(length for mode, length in workflow if mode == "train")
    if not done or not cycle:
        return 0, 0
    left = done % cycle or cycle
    for phase, (mode, length) in enumerate(workflow):
        if mode != "train":
            continue
        if left < length:
            return phase, left
        left -= length
        if not left:
            return (phase + 1) % len(workflow), 0
    return 0, 0
