"""Kills the process at random points of a conversion, a checkpoint's conversion and a training. Also a command:

    cd tests && PYTHONPATH=. python -m faults.kills [ROUNDS]

Each round forks a process that does the work, kills it (SIGKILL) after a random part of the time that the work takes,
looks at what lies on the disk, and does the work again until it ends. Training goes on until it ends, however often it
is killed: its weights must be those of a run that nobody killed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn

import torch
import torch._dynamo  # building an optimizer imports it, which takes longer than the rest: once here, not in each fork

from mmmigrate.compat.cli.main import main as mmmigrate

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "fixtures" / "experiments" / "shapes"
CONFIG = "configs/classifier_step.py"
Work = Callable[[], None]
SHORTER = ("runner.max_epochs=3",), ("train_cfg.max_epochs=3",)


@dataclass
class Tally:
    """How many rounds ended by a kill, and what was found to be wrong."""

    rounds: int = 0
    killed: int = 0
    faults: list[str] = field(default_factory=list)
    unfinished: int = 0  # times that the next run did not do the rest

    def __str__(self) -> str:
        return f"{self.rounds} rounds, {self.killed} killed, {len(self.faults)} faults, {self.unfinished} unfinished"


def in_a_process(work: Work, kill_after: float | None = None) -> bool:
    """Do the work in a fork; whether it was killed before it was done. Raises RuntimeError if the work itself fails."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            _do(work, said.fileno())
        killer = threading.Timer(kill_after or 0, os.kill, (child, signal.SIGKILL))
        if kill_after is not None:
            killer.start()
        _, status = os.waitpid(child, 0)
        killer.cancel()
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, -signal.SIGKILL):
            said.seek(0)
            raise RuntimeError(f"the work ended with {code}:\n{said.read().decode()[-3000:]}")
    return code == -signal.SIGKILL


def _do(work: Work, output: int) -> NoReturn:
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def seconds(work: Work) -> float:
    began = time.perf_counter()
    in_a_process(work)
    return time.perf_counter() - began


def visible(folder: Path) -> dict[str, bytes]:
    """Files by their path; a temporary file of a killed writer is hidden, and no reader takes it for the real one."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def convert(rounds: int, draw: random.Random, folder: Path, command: str, source: Path) -> Tally:
    """Rewrite a folder in place: every file is the old or the new one, whole; how often the next run does not do the
    rest is counted, since a config whose base is of the new generation already means something else."""
    old, tally = visible(source), Tally()
    tree = folder / "tree"
    extra = ("--force",) if command == "code" else ()

    def work() -> None:
        mmmigrate([command, str(tree), "-w", "-q", *extra])

    shutil.copytree(source, tree)
    duration = seconds(work)
    new = visible(tree)
    for _ in range(rounds):
        shutil.rmtree(tree)
        shutil.copytree(source, tree)
        tally.rounds += 1
        tally.killed += in_a_process(work, draw.uniform(0, duration))
        found = visible(tree)
        tally.faults += [name for name, data in found.items() if data not in (old.get(name), new.get(name))]
        tally.faults += [f"{name} is gone" for name in old.keys() - found.keys()]
        with suppress(RuntimeError):  # it says what it cannot convert
            in_a_process(work)
        tally.unfinished += visible(tree) != new
    return tally


def checkpoint(rounds: int, draw: random.Random, folder: Path, source: Path) -> Tally:
    """Convert a checkpoint over an older one: the target is that or the whole new one."""
    tally, target = Tally(), folder / "new.pth"

    def work() -> None:
        mmmigrate(["checkpoint", str(source), str(target), "--to", "v3"])

    duration = seconds(work)
    new = target.read_bytes()
    for _ in range(rounds):
        target.write_bytes(b"the older one")
        tally.rounds += 1
        tally.killed += in_a_process(work, draw.uniform(0, duration))
        if target.read_bytes() not in (b"the older one", new):
            tally.faults.append(f"{target.name} is neither")
    return tally


def train(rounds: int, draw: random.Random, folder: Path, generation: str) -> Tally:
    """Train, killed as often as `rounds` says over as many runs as that takes; each ends as the one nobody killed."""
    project = folder / "project"
    shutil.copytree(EXPERIMENTS, project)
    in_a_process(lambda: mmmigrate(["config", str(project / "configs"), "-o", str(project / "configs_v3"), "-q"]))
    os.chdir(project)
    sys.path.insert(0, str(project))
    main = trainer(generation)
    duration = seconds(lambda: main("whole"))
    want = weights(project / "whole")
    tally = Tally()
    while tally.rounds < rounds:
        work_dir = f"run{tally.rounds}"
        killed = True
        while killed:
            killed = in_a_process(lambda name=work_dir: main(name), draw.uniform(0.2, 1.2) * duration)  # type: ignore[misc]
            tally.rounds += 1
            tally.killed += killed
            tally.faults += unreadable(project / work_dir)
        if not same(weights(project / work_dir), want):
            tally.faults.append(f"{work_dir}: other weights than those of a run that nobody killed")
        shutil.rmtree(project / work_dir)
    return tally


def trainer(generation: str) -> Callable[[str], None]:
    """Trains in a folder, from its last checkpoint if it has one."""
    if generation == "v2":
        from mmmigrate.runtime_v2.cli import main as run_v2

        return lambda name: _must_be_zero(
            run_v2([CONFIG, "--work-dir", name, "--seed", "0", "--auto-resume", "--cfg-options", *SHORTER[0]])
        )
    from mmmigrate.runtime_v3.__main__ import main as run_v3

    config = CONFIG.replace("configs", "configs_v3")
    return lambda name: run_v3(
        [config, "--work-dir", name, "--resume", "--cfg-options", *SHORTER[1], "randomness.seed=0"]
    )


def _must_be_zero(code: int) -> None:
    if code:
        raise SystemExit(code)


def weights(work_dir: Path) -> dict[str, torch.Tensor]:
    saved = torch.load(work_dir / "epoch_3.pth", weights_only=True)
    return dict(saved["state_dict"])


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def unreadable(work_dir: Path) -> Iterable[str]:
    for path in work_dir.glob("*.pth"):
        try:
            torch.load(path, weights_only=True)
        except Exception as error:
            yield f"{path.name}: {error}"


def all_kinds(rounds: int, seed: int = 0) -> dict[str, Tally]:
    """Everything, each in a folder of its own."""
    torch.set_num_threads(1)
    draw = random.Random(seed)
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("v2", "v3"):
            (folder / kind).mkdir()
            found[f"training in runtime_{kind}"] = train(rounds, draw, folder / kind, kind)
        source = folder / "v2" / "project" / "whole" / "epoch_3.pth"
        (folder / "checkpoint").mkdir()
        found["checkpoint"] = checkpoint(rounds, draw, folder / "checkpoint", source)
        for command, tree in (("config", EXPERIMENTS / "configs"), ("code", EXPERIMENTS / "shapes")):
            (folder / command).mkdir()
            found[command] = convert(rounds, draw, folder / command, command, tree)
    return found


def main(arguments: list[str]) -> int:
    numbers = [int(argument) for argument in arguments if argument != "--json"]
    tallies = all_kinds(*numbers[:2] or [200])
    for kind, tally in tallies.items():
        print(f"{kind}: {tally}", *tally.faults[:10], sep="\n  ")
    if "--json" in arguments:
        print(json.dumps({kind: asdict(tally) for kind, tally in tallies.items()}))
    return int(any(tally.faults for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
