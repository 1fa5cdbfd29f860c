"""Distributed runs: every process writes a trace of its own, and the earliest divergence of any counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mmmigrate.compat.proof.spec import rank_path
from mmmigrate.compat.trace.compare import compare
from mmmigrate.compat.trace.verdict import NOT_COMPARED, Comparison


def compare_ranks(old: Path, new: Path, world_size: int | None = None, *, ulp: int = 0) -> Comparison:
    """The verdict over all ranks of two runs, given the traces of rank 0; a note names the rank that it comes from.

    Without `world_size` the ranks are those of which a trace lies beside the given ones. A rank that only one run
    has is a reason not to compare.
    """
    if world_size is None:
        counts = _ranks(old), _ranks(new)
        if counts[0] != counts[1]:
            return Comparison(NOT_COMPARED, 0, reason=f"the runs have {counts[0]} and {counts[1]} processes")
        world_size = counts[0]
    worst = compare(old, new, ulp=ulp)
    for rank in range(1, world_size):
        pair = rank_path(old, rank), rank_path(new, rank)
        if not all(path.exists() for path in pair):
            return Comparison(NOT_COMPARED, worst.steps, reason=f"rank {rank} left no trace")
        found = compare(*pair, ulp=ulp)
        if _rank(found) < _rank(worst):
            worst = replace(found, notes=(*found.notes, f"the verdict is that of rank {rank}"))
    return worst


def _rank(comparison: Comparison) -> tuple[int, int]:
    """Unable to compare comes first, then the earliest divergence."""
    if comparison.verdict == NOT_COMPARED:
        return 0, 0
    return (1, comparison.first.iter) if comparison.first is not None else (2, 0)


def _ranks(trace: Path) -> int:
    count = 1
    while rank_path(trace, count).exists():
        count += 1
    return count
