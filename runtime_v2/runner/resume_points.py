"""Resume points: what a checkpoint lacks for a resumed run to equal one that was never interrupted.

A v2 checkpoint holds weights, optimizer and counters. Which samples come next, what evaluation drew from the random
generators and what hooks did after the checkpoint was written is lost. A resume point keeps that in a file of its own,
`.resume/<checkpoint>.rank<n>` beside the checkpoint, so that the checkpoint's format stays as it is. It is written
when the run goes on: at the next iteration, or when the next phase of the workflow begins; a checkpoint without one is
not exact, and `newest` passes it over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.tracked_pass import TrackedPass
from mmmigrate.runtime_v2.checkpoint.loading import load_safely, load_state_dict
from mmmigrate.runtime_v2.checkpoint.saving import get_state_dict, plain
from mmmigrate.runtime_v2.hooks.evaluation import EvalHook
from mmmigrate.runtime_v2.hooks.logger import LoggerHook
from mmmigrate.runtime_v2.optim.groups import map_optimizers
from mmmigrate.runtime_v2.runner.rng import rng_state, set_rng_state

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

FOLDER = ".resume"
START = (0, 0)


class ResumePoints:
    """Writes the resume points of a runner, and takes a run up at one.

    A position is (phase of the workflow, how many of its epochs or iterations are done).
    """

    def __init__(self, folder: str, rank: int) -> None:
        self._folder = Path(folder) / FOLDER
        self._rank = rank
        self._saved: str | None = None
        self._then: Callable[[], object] = int
        self._versions: list[int] = []
        self._restore: dict[str, Any] | None = None
        self._folder.mkdir(parents=True, exist_ok=True)

    @property
    def waits(self) -> bool:
        """Whether the latest checkpoint still lacks its resume point."""
        return self._saved is not None

    @property
    def inside_epoch(self) -> bool:
        """Whether the run was taken up in the middle of an epoch, and is to go on there."""
        return self._restore is not None

    def note_saved(self, runner: BaseRunner, filename: str, then: Callable[[], object]) -> None:
        """A checkpoint called `filename` was written just now; `then` is called once it has its resume point."""
        self._saved = filename
        self._then = then
        self._versions = _versions(runner)

    def complete(self, runner: BaseRunner, position: tuple[int, int], loaders: list[Any]) -> None:
        """Write the resume point of the checkpoint noted last; `position` is where the run is about to go on."""
        if self._saved is None:
            return
        meta = runner.meta or {}
        state: dict[str, Any] = {
            "position": position,
            "counters": [runner.epoch, runner.iter, runner.inner_iter],
            "rng": rng_state(),
            "loaders": [loader.state() for loader in loaders],
            "meta": plain({key: meta[key] for key in ("hook_msgs", "fp16") if key in meta}),
            "epoch_length": len(runner.data_loader) if runner.mode == "train" else None,
            "gradients": [hook.pending_gradients(runner) for hook in _accumulating(runner)],
        }
        # Hooks behind the checkpoint's may have changed the weights, as a moving average that is swapped in does. And
        # a checkpoint of the middle of an epoch bears the epoch's number: the next one may take its place before the
        # next point is written, so this one has to hold all by itself.
        written_again = bool(loaders) and runner._max_epochs is not None
        if written_again or _versions(runner) != self._versions:
            state["model"] = get_state_dict(runner.model)
            state["optimizer"] = map_optimizers(lambda _, optimizer: optimizer.state_dict(), runner.optimizer)
        path = self._path(self._saved)
        with atomic_write(path, "wb") as file:
            torch.save(state, file)
        self._saved = None
        self._then()
        self._forget_removed(path)

    def take_up(self, runner: BaseRunner, checkpoint: str) -> bool:
        """Prepare to go on exactly where `checkpoint`, already resumed, was left; false if it has no point."""
        real = Path(checkpoint).resolve()
        path = real.parent / FOLDER / self._path(real.name).name
        if not path.is_file():
            return False
        self._restore = load_safely(path, "cpu")
        if "model" not in self._restore:
            loaded = load_safely(Path(checkpoint), "cpu")
            self._restore["model"], self._restore["optimizer"] = loaded["state_dict"], loaded.get("optimizer")
            self._restore["as_saved"] = True
        # before `before_run`, in which hooks note where the run begins
        runner._epoch, runner._iter, runner._inner_iter = self._restore["counters"]
        runner.meta = {**(runner.meta or {}), **self._restore["meta"]}
        return True

    def revise(self, weights: dict[str, Any]) -> None:
        """Take the checkpoint's weights as a hook has changed them, where they are those to go on with."""
        if self._restore is not None and self._restore.get("as_saved"):
            self._restore["model"] = weights

    def begin(self, runner: BaseRunner, loaders: list[Any]) -> tuple[int, int]:
        """Put a run that was taken up into the noted state, after `before_run`; gives the position to begin at.

        In the middle of an epoch only the counters are set: hooks begin the epoch once more, then comes `resume_epoch`.
        """
        state = self._restore
        if state is None:
            return START
        for hook in runner.hooks:
            if hasattr(hook, "initial_flag"):
                hook.initial_flag = False
        runner._epoch, runner._iter, runner._inner_iter = state["counters"]
        position: tuple[int, int] = tuple(state["position"])
        if len(state["loaders"]) > len(loaders):
            return position
        self._apply(runner)
        for loader, noted in zip(loaders, state["loaders"]):
            loader.take_up(noted)
        set_rng_state(state["rng"])
        if state.get("evaluation_due"):  # of a checkpoint that comes from v3, which saves before it validates
            _evaluate(runner)
        return position

    def resume_epoch(self, runner: BaseRunner, data_loader: Any) -> TrackedPass:
        """The rest of the epoch in which the run was taken up, everything being as it was noted."""
        state: Any = self._restore
        self._apply(runner)
        rest = TrackedPass(data_loader, rng_state, set_rng_state, state["loaders"][0])
        set_rng_state(state["rng"])
        return rest

    def _apply(self, runner: BaseRunner) -> None:
        state, self._restore = self._restore, None
        assert state is not None
        load_state_dict(runner.model, state["model"], logger=runner.logger)
        if state["optimizer"] is not None:
            _load_optimizers(runner, state["optimizer"])
        for hook, gradients in zip(_accumulating(runner), state["gradients"]):
            hook.take_gradients(runner, gradients)

    def _path(self, filename: str) -> Path:
        return self._folder / f"{filename}.rank{self._rank}"

    def _forget_removed(self, newest: Path) -> None:
        """Removes points without a checkpoint; that of the newest the first process may still be writing."""
        for path in self._folder.glob(f"*.rank{self._rank}"):
            if path != newest and not (self._folder.parent / path.name.rpartition(".rank")[0]).exists():
                path.unlink()


def newest(folder: str) -> str | None:
    """The checkpoint with the highest number that has a resume point of rank 0; None if there is none."""
    points = [path.name.removesuffix(".rank0") for path in (Path(folder) / FOLDER).glob("*.rank0")]
    found = [(int(numbers[-1]), name) for name in points if (numbers := re.findall(r"\d+", name))]
    existing = [(number, name) for number, name in found if (Path(folder) / name).is_file()]
    return str(Path(folder) / max(existing)[1]) if existing else None


def in_use(folder: str) -> bool:
    """Whether a run in `folder` writes resume points."""
    return (Path(folder) / FOLDER).is_dir()


def _evaluate(runner: BaseRunner) -> None:
    """Evaluate what has just been trained, if it is due, and let the loggers write it."""
    by_epoch = runner._max_epochs is not None
    counter, stage = ("_epoch", "after_train_epoch") if by_epoch else ("_iter", "after_train_iter")
    runner.mode = "train"
    setattr(runner, counter, getattr(runner, counter) - 1)
    for hook in runner.hooks:
        if isinstance(hook, EvalHook) and hook.by_epoch == by_epoch:
            getattr(hook, stage)(runner)
    for hook in runner.hooks:
        if isinstance(hook, LoggerHook):
            hook._log_if_ready(runner)
    setattr(runner, counter, getattr(runner, counter) + 1)


def _versions(runner: BaseRunner) -> list[int]:
    """torch's count of changes of every parameter and buffer."""
    return [tensor._version for tensor in (*runner.model.parameters(), *runner.model.buffers())]


def _accumulating(runner: BaseRunner) -> list[Any]:
    return [hook for hook in runner.hooks if hasattr(hook, "pending_gradients")]


def _load_optimizers(runner: BaseRunner, states: Any) -> None:
    if isinstance(runner.optimizer, dict):
        for name, optimizer in runner.optimizer.items():
            optimizer.load_state_dict(states[name])
    elif runner.optimizer is not None:
        runner.optimizer.load_state_dict(states)
