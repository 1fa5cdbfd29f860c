"""Trains a drawn experiment in both runtimes, in this process, and compares the traces."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from proof.drawn.experiments import PROJECT, Experiment
from proof.drawn.half_precision import half_precision_on_the_cpu
from proof.drawn.two_processes import train_in_two_processes

from mmmigrate.compat.pipeline import convert_to
from mmmigrate.compat.proof import engine
from mmmigrate.compat.proof.ranks import compare_ranks
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.proof.start import READY, deterministic
from mmmigrate.compat.trace import Comparison
from mmmigrate.compat.trace.verdict import NOT_COMPARED

# memory, where there is such a thing: checkpoints of thousands of runs are written and thrown away
SCRATCH = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


@dataclass(frozen=True)
class Outcome:
    """The verdicts of the parts of a run: one, or two with a resume in between."""

    comparisons: tuple[Comparison, ...]
    findings: frozenset[str]
    converted: str

    @property
    def verdicts(self) -> list[str]:
        return [str(comparison) for comparison in self.comparisons]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mmmigrate-drawn-", dir=SCRATCH))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the progress bars and logs of the runs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def prove(experiment: Experiment, change: Callable[[Path], None] | None = None) -> Outcome:
    """Converts `experiment`, trains it both ways and compares; `change` may spoil the converted file first."""
    how = {"resume_at": experiment.resume_at, "processes": experiment.processes, "seed": experiment.seed}
    return prove_config(experiment.text(), change, **how)


def prove_config(
    text: str, change: Callable[[Path], None] | None = None, *, resume_at: int | None = None, processes: int = 1,
    seed: int = 0, seed_of_new: int | None = None,
) -> Outcome:  # fmt: skip
    """The same for the text of a v2 config."""
    made_ready()
    with scratch() as folder:
        old = folder / "experiment.py"
        old.write_text(text)
        written = convert_to(old, folder / "converted", order="v3" if processes > 1 else "v2")
        if change is not None:
            change(written.path)
        parts = [(None, False)] if resume_at is None else [(resume_at, False), (None, True)]
        verdicts = []
        for steps, resume in parts:
            specs = _specs(folder, old, written.path, seed, steps, resume, processes)
            if seed_of_new is not None:
                specs[1] = replace(specs[1], seed=seed_of_new)
            if processes == 1:
                train_both(specs)
            else:
                train_in_two_processes(specs)
            verdicts.append(compare_ranks(Path(specs[0].trace), Path(specs[1].trace), processes))
        codes = frozenset(finding.code for finding in written.findings)
        return Outcome(tuple(verdicts), codes, written.path.read_text())


def trained(old: Path, new: Path, steps: int | None, folder: Path) -> Comparison:
    """The verdict on two configs after so many iterations, trained in this process."""
    made_ready()
    specs = _specs(folder, old, new, 0, steps, False, 1)
    for spec in specs:
        Path(spec.trace).unlink(missing_ok=True)
    try:
        train_both(specs)
    except Exception as error:
        return Comparison(NOT_COMPARED, 0, reason=str(error))
    return compare_ranks(Path(specs[0].trace), Path(specs[1].trace), 1)


def made_ready() -> None:
    """The project can be imported, and arithmetic repeats."""
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    deterministic()


def train_both(specs: list[EngineSpec]) -> None:
    """The runs of the old and of the new config, one after the other, in this process."""
    with quietly(), half_precision_on_the_cpu():
        engine.run_v2(specs[0], io.StringIO())
        engine.run_v3(specs[1], io.StringIO(READY))


def _specs(
    folder: Path, old: Path, new: Path, seed: int, steps: int | None, resume: bool, processes: int
) -> list[EngineSpec]:
    part = "second" if resume else "first"
    made = []
    for generation, config in (("v2", old), ("v3", new)):
        files = str(folder / f"{generation}_{part}.trace"), str(folder / generation), str(folder / "weights.pth")
        how = {"seed": seed, "steps": steps, "resume": resume, "world_size": processes}
        made.append(EngineSpec(generation, str(config), *files, **how))
    return made
