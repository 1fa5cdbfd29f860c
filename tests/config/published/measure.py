"""The proof over every published config of a codebase: real mmcv and real mmengine over whole runs, compared.

    PYTHONPATH=tests python -m config.published.measure FOLDER [--schedule auto|exact] [--iters-per-epoch N]
                            [--at-most ITERATIONS] [--hooks FILE …]

FOLDER holds configs, or is a package as its wheel has it (mmpose, mmaction …): then its configs under `.mim/configs`
are taken, and its own updaters, constructors and EvalHook are found; on the new side the bridge runs them.
Prints how many experiments and distinct runs there are, what was refused and why, and the worst deviation of rates and
momenta relative to the peak, then what became of comments and whether mmengine loads everything that was written.
Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from config.published.cases import Case, collect, write
from config.published.codebase import configs_of, hook_files
from config.published.texts import Texts, check_texts
from peers.environments import python_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


@dataclass
class Measured:
    """What was found over all distinct runs; ``different`` names a file for each fault."""

    experiments: int = 0
    runs: int = 0
    compared: int = 0
    refused: dict[str, str] = field(default_factory=dict)  # a file of the run -> mmcv's reason
    by_hook: list[str] = field(default_factory=list)  # rates set by a class of the codebase, which neither peer has
    left_out: Counter[str] = field(default_factory=Counter)  # hooks of the codebase, by experiments
    worst: float = 0.0
    different: list[str] = field(default_factory=list)


def measure(cases: list[Case], iters_per_epoch: int = 20, hooks: Sequence[Path] = ()) -> Measured:
    """Both peers over all cases, side by side; `hooks` are files of the codebase that register hooks in mmcv."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        write(cases, out / "cases.json")
        arguments = [str(out / "cases.json"), str(out), str(iters_per_epoch)]
        quiet = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
        ours = {**quiet, "PYTHONPATH": str(ROOT / ".typing")}
        sides = [
            subprocess.Popen([python_of("v2"), HERE / "real_mmcv.py", *arguments, *map(str, hooks)], env=quiet),
            subprocess.Popen([python_of("v3"), HERE / "real_mmengine.py", *arguments, *map(str, hooks)], env=ours),
        ]
        codes = [side.wait() for side in sides]
        if any(codes):
            raise RuntimeError("a script of the peers failed")
        old, new = (json.loads((out / f"{side}.json").read_text()) for side in ("v2", "v3"))
        result = Measured(sum(len(case.files) for case in cases), len(cases))
        for case in cases:
            _compare(result, case, old[case.key], new.get(case.key, {}), out)
    return result


def _compare(result: Measured, case: Case, old: dict[str, Any], new: dict[str, Any], out: Path) -> None:
    name = case.files[0]
    if "refused" in old:
        if "LrUpdaterHook is not in" in old["refused"] or "MomentumUpdaterHook is not in" in old["refused"]:
            result.by_hook += case.files
            return
        result.refused.update(dict.fromkeys(case.files, old["refused"]))
        of_the_codebase = "OptimizerHook" in old["refused"] and "optimizer_config" in case.said
        if not case.refusal and not of_the_codebase:  # its own optimizer hook, which it builds by its own rules
            result.different.append(f"{name}: mmcv refuses it ({old['refused']}), the conversion does not")
        return
    if case.refusal or "failed" in new:
        result.different.append(f"{name}: {case.refusal or new['failed']}")
        return
    result.left_out.update({kind: len(case.files) for kind in new["left_out"]})
    if "events" not in new:
        result.by_hook += case.files
        return
    result.compared += len(case.files)
    for what in ("events", "stepping", "groups"):
        if what == "groups" and None in (*old[what].values(), *new[what].values()):
            continue  # made by a class of the codebase
        if what == "stepping" and isinstance(old[what], str):
            continue
        if _comparable(old[what]) != _comparable(new[what]):
            result.different.append(f"{name}: {what}: {str(old[what])[:200]} became {str(new[what])[:200]}")
    if case.batch_sizes[0] != case.batch_sizes[1]:
        result.different.append(f"{name}: batch size {case.batch_sizes[0]} became {case.batch_sizes[1]}")
    if case.optimizers[0] != case.optimizers[1]:
        result.different.append(f"{name}: optimizer {case.optimizers[0]} became {case.optimizers[1]}")
    _compare_courses(result, name, *(np.load(out / f"{case.key}.{side}.npy") for side in ("v2", "v3")))


def _comparable(value: Any) -> Any:
    if isinstance(value, list):  # events: which come at the same time has an order of its own in each generation
        return sorted(map(tuple, value))
    if isinstance(value, dict) and isinstance(value.get("clip"), dict):
        return {**value, "clip": {"norm_type": 2.0, **value["clip"]}}
    return value


def _compare_courses(result: Measured, name: str, old: Any, new: Any) -> None:
    if old.shape != new.shape:
        result.different.append(f"{name}: {old.shape[0]} iterations became {new.shape[0]}")
        return
    peak = np.abs(old).max(axis=0)
    deviation = float((np.abs(old - new).max(axis=0) / np.where(peak == 0, 1, peak)).max())
    result.worst = max(result.worst, deviation)
    if not deviation <= 1e-12:
        result.different.append(f"{name}: rates or momenta deviate by {deviation:.2e} of the peak")


def total_iters(case: Case, iters_per_epoch: int) -> int:
    """How long a run is, to choose those that are quick to try."""
    loop = (case.v3 or {}).get("train_cfg", {})
    return int(loop.get("max_iters") or loop.get("max_epochs", 1) * iters_per_epoch)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--schedule", default="auto", choices=("auto", "exact"))
    parser.add_argument("--iters-per-epoch", type=int, default=200)
    parser.add_argument("--at-most", type=int, default=10**9, help="leave out runs of more iterations")
    parser.add_argument("--hooks", type=Path, nargs="*", default=[], help="files of the codebase that register hooks")
    asked = parser.parse_args()
    folder = configs_of(asked.folder)
    cases, unreadable = collect(folder, asked.schedule)
    cases = [case for case in cases if total_iters(case, asked.iters_per_epoch) <= asked.at_most]
    result = measure(cases, asked.iters_per_epoch, [*hook_files(asked.folder), *asked.hooks])
    with tempfile.TemporaryDirectory() as name:
        texts = check_texts(folder, Path(name))
    _print(result, texts, unreadable)
    return 1 if result.different or texts.different else 0


def _print(result: Measured, texts: Texts, unreadable: list[str]) -> None:
    print(f"{result.experiments} experiments, {result.runs} distinct runs, {result.compared} experiments compared")
    print(f"worst deviation of rates and momenta: {result.worst:.2e} of the peak")
    print(f"{len(unreadable)} cannot be read: {unreadable}")
    print(f"{len(result.refused)} refused by mmcv: {sorted(set(result.refused.values()))}")
    print(f"{len(result.by_hook)} by an updater of the codebase; hooks of the codebase: {dict(result.left_out)}")
    print(f"{len(result.different)} differences", *result.different, sep="\n  ")
    print(f"{texts.files} files, {len(texts.refused)} refused; {texts.kept} of {texts.comments} comments kept")
    print(f"{len(texts.different)} faults of what is written", *texts.different, sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
