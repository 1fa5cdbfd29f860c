"""The same experiments in real mmcv, runtime_v2, runtime_v3 and real mmengine, and who agrees with whom."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from mmmigrate.compat.proof.peer import import_folder
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.trace import Comparison, compare

ENGINES = ("mmcv", "runtime_v2", "runtime_v3", "mmengine")
SCRIPT = Path(__file__).with_name("peers") / "run_specs.py"
Pair = tuple[Path, Path]


def train(folder: Path, engine: str, python: Path | str, configs: Mapping[str, Pair], **settings: object) -> None:
    """Trains each config (old, new) of the engine's generation; traces are `folder/<name>/<engine>.trace`.

    All start from the weights that mmcv has left, so that it comes first. RuntimeError if a run leaves no trace.
    """
    generation = "v2" if engine in ("mmcv", "runtime_v2") else "v3"
    specs = []
    for name, pair in configs.items():
        own = folder / name
        own.mkdir(exist_ok=True)
        weights = own / ("initial.pth" if engine in ("mmcv", "runtime_v3", "mmengine") else "of_runtime_v2.pth")
        files = str(own / f"{engine}.trace"), str(own / f"{engine}_work_dir"), str(weights)
        specs.append(asdict(EngineSpec(generation, str(pair[generation == "v3"]), *files, **settings)))
    listed = folder / f"{engine}.json"
    listed.write_text(json.dumps(specs))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(import_folder(folder))}
    command = [str(python), "-W", "ignore", str(SCRIPT), engine, str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    absent = [spec["trace"] for spec in specs if not Path(spec["trace"]).exists()]
    if done.returncode or absent:
        raise RuntimeError(f"{engine} left no {absent}: {done.stderr[-3000:]}")


def train_everywhere(folder: Path, configs: Mapping[str, Pair], peers: Pair, **settings: object) -> None:
    pythons = (peers[0], sys.executable, sys.executable, peers[1])
    for engine, python in zip(ENGINES, pythons):
        train(folder, engine, python, configs, **settings)


def matrix(folder: Path, name: str) -> dict[tuple[str, str], Comparison]:
    """The comparison of every two engines on one experiment."""
    pairs = [(a, b) for i, a in enumerate(ENGINES) for b in ENGINES[i + 1 :]]
    traces = {engine: folder / name / f"{engine}.trace" for engine in ENGINES}
    return {(a, b): compare(traces[a], traces[b]) for a, b in pairs}


def shown(matrices: Mapping[str, Mapping[tuple[str, str], Comparison]]) -> Sequence[str]:
    """A table: a row for each experiment, a column for each pair of engines."""
    pairs = [f"{a} = {b}" for a, b in next(iter(matrices.values()))]
    width = max(map(len, matrices))
    lines = [" " * width + "  iterations  " + "  ".join(pairs)]
    for name, found in matrices.items():
        steps = min(comparison.steps for comparison in found.values())
        cells = [comparison.verdict.ljust(len(pair)) for comparison, pair in zip(found.values(), pairs)]
        lines.append(f"{name:<{width}}  {steps:>10}  {'  '.join(cells)}".rstrip())
    return lines
