"""Measures one engine (`mmcv` or `ours`) in this process; started by overhead_v2.py."""

from __future__ import annotations

import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

torch.set_num_threads(1)
ENGINE, PASSES = sys.argv[1], int(sys.argv[2])
BATCHES = [{"x": torch.randn(4, 8), "y": torch.randint(0, 2, (4,))} for _ in range(100)]


class Tiny(nn.Module):
    """A model whose step takes some 50 µs."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))

    def train_step(self, data: dict[str, torch.Tensor], optimizer: Any) -> dict[str, Any]:
        """The loss of a batch."""
        loss = nn.functional.cross_entropy(self.net(data["x"]), data["y"])
        return {"loss": loss, "log_vars": {"loss": 0.0}, "num_samples": 4}


class Loader:
    """A loader of 100 batches that times each pass, and a bare loop over the same batches right after it.

    The machine's own speed drifts by more than the difference of the two, so they have to be neighbours.
    """

    sampler: Any = None
    batch_sampler: Any = None

    def __init__(self) -> None:
        self.model = Tiny()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.extra_seconds: list[float] = []

    def __len__(self) -> int:
        return len(BATCHES)

    def __iter__(self) -> Iterator[Any]:
        start = time.process_time()
        yield from BATCHES
        between = time.process_time()
        for batch in BATCHES:
            loss = self.model.train_step(batch, self.optimizer)["loss"]
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        self.extra_seconds.append(2 * between - start - time.process_time())

    def us_per_iter(self) -> float:
        """What an iteration takes beside the bare loop."""
        return statistics.median(self.extra_seconds) / len(BATCHES) * 1e6


def run(v2: Any, kind: str, folder: str) -> float:
    """Microseconds per iteration of a run with the standard hooks; a line is logged every 1,000 iterations."""
    model, loader = Tiny(), Loader()
    logger = logging.Logger("silent")
    logger.addHandler(logging.NullHandler())
    runner_type = v2.EpochBasedRunner if kind == "epoch" else v2.IterBasedRunner
    # one iteration more, so that the last pass ends
    length = {"max_epochs": PASSES} if kind == "epoch" else {"max_iters": PASSES * len(BATCHES) + 1}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    runner = runner_type(model, optimizer=optimizer, work_dir=folder, logger=logger, meta={}, **length)
    runner.register_training_hooks(
        {"policy": "step", "step": [1000000]},
        {"grad_clip": None},
        {"interval": 10**9, "save_last": False},
        {"interval": 1000, "hooks": [{"type": "TextLoggerHook"}]},
    )
    runner.run([loader], [("train", 1)])
    return loader.us_per_iter()


def ema(v2: Any) -> float:
    """Microseconds per update of the moving average of 100 tensors."""
    model = nn.ParameterList([nn.Parameter(torch.randn(64)) for _ in range(100)])
    hook = v2.EMAHook()
    runner = type("FakeRunner", (), {"model": model, "iter": 5})()
    hook.before_run(runner)
    start = time.process_time()
    for _ in range(1000):
        hook.after_train_iter(runner)
    return (time.process_time() - start) * 1e3


def main() -> None:
    """Measure everything and print it as JSON."""
    if ENGINE == "mmcv":
        import mmcv.runner as v2

        time.sleep = lambda seconds: None
    else:
        import mmmigrate.runtime_v2 as v2
    results = {"ema": ema(v2)}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("epoch", "iter"):
            run(v2, kind, folder)
            results[kind] = statistics.median(run(v2, kind, folder) for _ in range(5))
    print(json.dumps(results))


main()
