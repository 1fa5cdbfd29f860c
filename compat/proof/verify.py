"""The training proof: both configs train from the same start, each in its runtime, and the traces are compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmmigrate.compat.findings import Finding
from mmmigrate.compat.pipeline import convert_to
from mmmigrate.compat.proof.engines import Run, run_pair
from mmmigrate.compat.proof.peer import Peer, PeerError
from mmmigrate.compat.proof.project import import_paths
from mmmigrate.compat.proof.ranks import compare_ranks
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.trace import Comparison, compare
from mmmigrate.compat.trace.stages import INIT_ITERATION
from mmmigrate.compat.trace.verdict import NOT_COMPARED

MEASURED = 8
"""How many iterations from the first divergence on are recorded in full."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict and everything that a report shows of how it came about."""

    old: Path
    new: Path
    converted: bool
    comparison: Comparison
    runs: tuple[Run, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    seed: int = 0


def verify(
    old: str | Path,
    new: str | Path | None = None,
    *,
    steps: int | None = None,
    seed: int = 0,
    ulp: int = 0,
    work_dir: str | Path | None = None,
    detail: bool = False,
    world_size: int = 1,
    resume_at: int | None = None,
    peers: Mapping[str, Peer] | None = None,
    beside: Iterable[str | Path] = (),
    locate: bool = True,
) -> Proof:
    """Trains the v2 config `old` and the v3 config `new` (converted from `old` when left out) and compares them.

    At most `steps` iterations are run (None: all of them); `ulp` is the tolerance in units in the last place. Traces,
    logs and checkpoints go to `work_dir`, by default a new temporary folder. A run that fails gives the verdict
    `not-compared`. With `detail` the iterations from a divergence on are recorded in full, for the report. Of
    `world_size` processes every rank is compared. With `resume_at` both runs are broken off before that iteration and
    resumed from their last checkpoint. `peers` names environments of the real libraries, by side (`old`, `new`), which
    train instead of the runtimes. `beside` are configs in whose project the code is looked for too. Without `locate`
    a divergence that only digests show is not run again to name the element.
    """
    if peers and resume_at is not None:
        raise PeerError("the real libraries do not restore random numbers on resuming: leave resume_at out")
    folder = Path(work_dir or tempfile.mkdtemp(prefix="mmmigrate-verify-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    old_path = Path(old)
    findings: list[Finding] = []
    if new is None:
        # several v2 processes draw their samples as DefaultSampler does, one draws from the global generator
        new_path, findings = converted(old_path, folder / "converted", "v2" if world_size == 1 else "v3")
    else:
        new_path = Path(new)
    proof = Proof(old_path, new_path, new is None, Comparison(NOT_COMPARED, 0), (), findings, seed)
    old_spec, new_spec = _specs(proof, folder, seed, steps, beside)
    tensors: list[int] | None = None if ulp else []
    environments = {side: str(peer.python) for side, peer in (peers or {}).items()}
    specs = (
        replace(old_spec, world_size=world_size, peer=environments.get("old")),
        replace(new_spec, world_size=world_size, peer=environments.get("new")),
    )
    if resume_at is not None:
        specs = replace(specs[0], steps=resume_at), replace(specs[1], steps=resume_at)
    runs = run_pair(*(replace(spec, tensors=tensors) for spec in specs))
    comparison = _compared(runs, ulp, world_size)
    if resume_at is not None and comparison.exit_code == 0:
        return replace(proof, **_resumed(specs, steps, comparison, ulp))
    first = comparison.first
    if first is not None and locate and (first.digest_only or detail):
        comparison = _measured(comparison, specs, folder, ulp)
    return replace(proof, comparison=comparison, runs=runs)


def _resumed(specs: tuple[EngineSpec, EngineSpec], steps: int | None, before: Comparison, ulp: int) -> dict[str, Any]:
    """The verdict and the runs of the part from the last checkpoint on; its steps count those before as well."""
    pair = [
        replace(
            spec, trace=str(Path(spec.trace).with_name(f"resumed_{Path(spec.trace).name}")), steps=steps, resume=True
        )
        for spec in specs
    ]
    runs = run_pair(pair[0], pair[1])
    after = _compared(runs, ulp, specs[0].world_size)
    if after.exit_code == 0:
        after = replace(after, steps=before.steps + after.steps, notes=(*before.notes, *after.notes))
    return {"comparison": after, "runs": runs}


def converted(old: Path, folder: Path, order: str = "v2") -> tuple[Path, list[Finding]]:
    written = convert_to(old, folder, order=order)
    return written.path, written.findings


def _specs(
    proof: Proof, folder: Path, seed: int, steps: int | None, beside: Iterable[str | Path]
) -> tuple[EngineSpec, EngineSpec]:
    paths = import_paths([proof.old, proof.new, *map(Path, beside)])
    weights = str(folder / "initial_weights.pth")

    def spec(generation: str, config: Path) -> EngineSpec:
        trace, work_dir = folder / f"{generation}.trace", folder / f"{generation}_work_dir"
        return EngineSpec(generation, str(config), str(trace), str(work_dir), weights, seed, steps, [], paths)

    return spec("v2", proof.old), spec("v3", proof.new)


def _compared(runs: tuple[Run, Run], ulp: int, world_size: int = 1) -> Comparison:
    """The comparison of the traces; a run that failed is a reason not to have compared, with its last words."""
    broken = [run for run in runs if not run.trace_exists]
    failed = broken or [run for run in runs if run.returncode]
    comparison = None if broken else compare_ranks(runs[0].trace, runs[1].trace, world_size, ulp=ulp)
    if failed and (comparison is None or comparison.first is None):
        reason = "\n".join(f"the {run.side} run failed: {run.last_words}\n  its log: {run.log}" for run in failed)
        return Comparison(NOT_COMPARED, 0 if comparison is None else comparison.steps, reason=reason)
    if comparison is None:
        return Comparison(NOT_COMPARED, 0, reason="no trace was written")
    return comparison


def _fewer(steps: int | None, most: int) -> int:
    return most if steps is None else min(steps, most)


def _measured(comparison: Comparison, specs: tuple[EngineSpec, EngineSpec], folder: Path, ulp: int) -> Comparison:
    """Runs both again up to the first divergence and records that iteration in full, to name the element."""
    first = comparison.first
    if first is None:
        return comparison
    again = folder / "first_divergence"
    again.mkdir(exist_ok=True)
    # what comes after shows in the report how the difference spreads
    tensors = [INIT_ITERATION, *range(max(first.iter, 0), max(first.iter, 0) + MEASURED)]
    steps = _fewer(specs[0].steps, max(first.iter, 0) + MEASURED)
    pair = [
        replace(
            spec, trace=str(again / Path(spec.trace).name), work_dir=str(again / Path(spec.work_dir).name),
            weights=str(again / "initial_weights.pth"), steps=steps, tensors=tensors,
        )
        for spec in specs
    ]  # fmt: skip
    runs = run_pair(pair[0], pair[1])
    if any(run.returncode or not run.trace_exists for run in runs):
        return comparison
    found = compare(runs[0].trace, runs[1].trace, ulp=ulp).first
    if found is None or (found.iter, found.stage, found.name) != (first.iter, first.stage, first.name):
        return replace(comparison, notes=(*comparison.notes, "a second run did not show the same first divergence"))
    return replace(comparison, first=found)
