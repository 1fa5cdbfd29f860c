"""The common start of two runs: the same weights, the same random numbers, arithmetic that repeats."""

from __future__ import annotations

import importlib
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

import numpy as np
import torch
from torch import nn

from mmmigrate.compat.dist import get_dist_info
from mmmigrate.compat.trace.observe import unwrap

READY = "ready\n"


class StartError(RuntimeError):
    """The two runs cannot start from the same state."""


def deterministic() -> None:
    """One thread and deterministic algorithms, so that equal programs give equal bits."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False


def without_sleeping(*modules: str) -> None:
    """Makes `time.sleep` do nothing in modules of the real libraries, which sleep two seconds when a loader begins."""
    for name in modules:
        module: Any = importlib.import_module(name)
        module.time = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})


def reseed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def hand_out(model: nn.Module, path: Path, channel: TextIO) -> None:
    """Writes the weights of `model` and says so, for the other run to start from them."""
    if get_dist_info()[0] == 0:
        torch.save(unwrap(model).state_dict(), path)
        channel.write(READY)
        channel.flush()


def take_over(model: nn.Module, path: Path, channel: TextIO) -> None:
    """Waits until the other run has written its weights, and loads them. StartError if the two models do not match."""
    rank, world_size = get_dist_info()
    heard = torch.tensor(rank == 0 and channel.readline() == READY, dtype=torch.int32)
    if world_size > 1:
        torch.distributed.broadcast(heard, 0)
    if not heard:
        raise StartError("the old run ended before it had initial weights to share")
    weights = torch.load(path, weights_only=True)
    own = unwrap(model).state_dict()
    missing, unknown = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    shapes = [name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape]
    if missing or unknown or shapes:
        raise StartError(
            f"the two models differ, so they cannot start from the same weights: only in the new one {missing[:5]}, "
            f"only in the old one {unknown[:5]}, of another shape {sorted(shapes)[:5]}"
        )
    unwrap(model).load_state_dict(weights)


def restart_loader(loop: Any) -> None:
    """An iteration loop has made its data iterator, and drawn random numbers for it, when built: make it anew."""
    iterator = getattr(loop, "dataloader_iterator", None)
    if iterator is not None:
        loop.dataloader_iterator = type(iterator)(loop.dataloader)


def starting_hook(hook_base: type, method: str, action: Callable[[Any], None]) -> Any:
    """A hook of the engine whose `Hook` class is given, which calls `action(runner)` at `method`."""
    return type("Starting", (hook_base,), {method: lambda self, runner: action(runner)})()


def protocol_streams() -> tuple[TextIO, TextIO]:
    """Standard input and output for the words between the runs; whatever training prints goes to standard error."""
    reading, writing = sys.stdin, sys.stdout
    sys.stdout = sys.stderr
    return reading, writing
