"""Runs of two processes: a pair that is started once and trains one experiment after the other.

As a script it is one of the two: `python -m proof.drawn.two_processes`, with the variables that torchrun sets.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from mmmigrate.compat.proof.engines import free_port
from mmmigrate.compat.proof.spec import EngineSpec

TESTS = Path(__file__).resolve().parents[2]
_pair: list[subprocess.Popen[str]] = []


def train_in_two_processes(specs: list[EngineSpec]) -> None:
    """Trains the old and the new config in each of the two; RuntimeError with the last words of one that fails."""
    if not _pair:
        _start()
    for process in _pair:
        print(json.dumps([asdict(spec) for spec in specs]), file=process.stdin, flush=True)
    for rank, process in enumerate(_pair):
        answer = process.stdout.readline()
        if answer != "trained\n":
            stop()  # the other one waits for it
            raise RuntimeError(f"rank {rank}: {answer}")


def _start() -> None:
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    for rank in range(2):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-W", "ignore", "-m", "proof.drawn.two_processes"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        _pair.append(subprocess.Popen(command, text=True, env={**os.environ, **place, **own}, **pipes))
    atexit.register(stop)


def stop() -> None:
    for process in _pair:
        process.kill()
        process.wait()
    _pair.clear()


def main() -> None:
    """Trains what standard input names, line by line."""
    from proof.drawn.training import made_ready, train_both

    made_ready()
    for line in sys.stdin:
        try:
            train_both([EngineSpec(**spec) for spec in json.loads(line)])
        except Exception as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)
        else:
            print("trained", flush=True)


if __name__ == "__main__":
    main()
