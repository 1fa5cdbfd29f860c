"""Starts the two training processes, side by side, and hands the word `ready` from the old to the new one."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mmmigrate.compat.proof.peer import MODULES, import_folder
from mmmigrate.compat.proof.spec import EngineSpec, rank_path

_ERROR = re.compile(r"[\w.]*(Error|Exception|Interrupt): ")
_RANK = re.compile(r"^\[rank\d+\]: ?")
_OF_THE_LAUNCHER = "torch.distributed.elastic."
MODULE = "mmmigrate.compat.proof.engine"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished training process; `log` holds everything that it printed."""

    side: str
    trace: Path
    log: Path
    returncode: int

    @property
    def trace_exists(self) -> bool:
        return self.trace.exists()

    @property
    def last_words(self) -> str:
        """The last error in its log, of its processes if there are several; without one, its last line."""
        lines = [_RANK.sub("", line) for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        errors = [line for line in lines if _ERROR.match(line) and not line.startswith(_OF_THE_LAUNCHER)]
        return (errors or lines or [f"exit status {self.returncode}"])[-1].strip()


def run_pair(old: EngineSpec, new: EngineSpec) -> tuple[Run, Run]:
    """Runs both to their end. The new run waits for the old one's initial weights; if none come, it ends by itself."""
    for spec in (old, new):
        for rank in range(spec.world_size):
            rank_path(Path(spec.trace), rank).unlink(missing_ok=True)
    first, first_log = _start(old, subprocess.DEVNULL)
    second, second_log = _start(new, subprocess.PIPE)
    try:
        _relay(first, second)
        codes = first.wait(), second.wait()
    finally:
        for process in (first, second):
            if process.poll() is None:
                process.kill()
                process.wait()
    return Run("old", Path(old.trace), first_log, codes[0]), Run("new", Path(new.trace), second_log, codes[1])


def _start(spec: EngineSpec, stdin: int) -> tuple[subprocess.Popen[str], Path]:
    trace = Path(spec.trace)
    log = trace.with_suffix(".log")
    launcher = ["-m", "torch.distributed.run", f"--nproc_per_node={spec.world_size}", f"--master_port={free_port()}"]
    several = launcher if spec.world_size > 1 else []
    python, module = spec.peer or sys.executable, MODULES[spec.generation] if spec.peer else MODULE
    command = [python, *several, "-m", module, str(spec.write(trace.with_suffix(".json")))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    if spec.peer:
        given = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(import_folder(trace.parent)), *given])
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE if stdin == subprocess.DEVNULL else output,
            stderr=output, text=True, env=environment,
        )  # fmt: skip
    return process, log


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _relay(first: subprocess.Popen[str], second: subprocess.Popen[str]) -> None:
    """Passes the first line of one process on to the other; closing the pipe tells it that nothing will come."""
    said: IO[str] | None = first.stdout
    heard: IO[str] | None = second.stdin
    if said is None or heard is None:
        return
    with heard:
        try:
            heard.write(said.readline())
        except BrokenPipeError:
            return
    said.read()
