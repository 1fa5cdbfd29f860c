"""v2's `workflow` and its times of evaluation as train loops of v3.

    train_cfg = dict(type='mmmigrate.compat.adapters.V2EpochBasedTrainLoop', max_epochs=12,
                     workflow=[('train', 1), ('val', 1)], phase_dataloader=dict(…), val_interval=5)

A phase `('val', n)` runs n epochs (iterations, in an iteration loop) of `phase_dataloader` through the model with its
loss, in evaluation mode and without gradients; only train phases count as progress. Evaluation comes every
`val_interval` from `val_start` on (None: where the interval divides), and not at the end unless it is due there. A
`val_start` that is past already evaluates before the first iteration, which then runs in evaluation mode, as in mmcv.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from mmmigrate.compat.adapters.engine import of_engine
from mmmigrate.compat.adapters.phases import PhaseLog, losses_of, v2_stage
from mmmigrate.compat.workflow import place_in

Workflow = Sequence[tuple[str, int]]


class _V2Loop:
    """What both loops share; a loop class of the engine follows in the method resolution order."""

    unit: str
    val_interval: int

    def __init__(
        self,
        *args: Any,
        workflow: Workflow = (("train", 1),),
        phase_dataloader: Any = None,
        val_start: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.workflow = [_phase(entry) for entry in workflow]
        if not any(mode == "train" and length > 0 for mode, length in self.workflow):
            raise ValueError(f"workflow={list(workflow)!r} never trains: it needs a ('train', n) with n > 0")
        self.val_start = val_start
        self.phase_dataloader = self._built(phase_dataloader)
        self._untouched = True

    def _built(self, loader: Any) -> Any:
        if loader is None:
            if any(mode == "val" for mode, _ in self.workflow):
                raise ValueError("workflow has a 'val' phase: give its data as phase_dataloader")
            return None
        runner: Any = self._runner  # type: ignore[attr-defined]
        return runner.build_dataloader(loader, seed=runner.seed) if isinstance(loader, dict) else loader

    def run(self) -> Any:
        """Repeat the workflow until the train phases have done the run's length."""
        runner: Any = self._runner  # type: ignore[attr-defined]
        self._begin()
        first = place_in(self.workflow, self._finished())
        while self._left():
            for phase, (mode, length) in enumerate(self.workflow):
                for done in range(length):
                    if (phase, done) < first:
                        continue
                    if mode == "train":
                        if not self._left():
                            break
                        self._train_phase()
                    else:
                        self._val_phase()
            first = (0, 0)
        self._end()
        return runner.model

    def _resume(self, done: int, inside: bool) -> None:
        """Goes on with the random numbers of the saved run; an evaluation that it had still to make comes first."""
        runner: Any = self._runner  # type: ignore[attr-defined]
        if inside or not hasattr(runner, "continue_random_numbers"):
            return
        due = runner.continue_random_numbers()
        self._untouched = not done
        if due:
            self._evaluate_if_due(done)

    def _finished(self) -> int:
        """Train epochs or iterations that are done."""
        raise NotImplementedError

    def _left(self) -> bool:
        raise NotImplementedError

    def _begin(self) -> None:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError

    def _train_phase(self) -> None:
        raise NotImplementedError

    def _val_phase(self) -> None:
        raise NotImplementedError

    def _is_due(self, done: int) -> bool:
        interval = self.val_interval
        if self.val_start is None:
            return bool(interval > 0 and done % interval == 0)
        return bool(done >= self.val_start and (done - self.val_start) % interval == 0)

    def _evaluate_if_due(self, done: int) -> None:
        decide_interval(self, done)
        val_loop = self._runner.val_loop  # type: ignore[attr-defined]
        if val_loop is not None and self._is_due(done):
            val_loop.run()

    def _evaluate_at_first(self, done: int) -> None:
        """mmcv asks once, before the first iteration, as if that had been run already."""
        if self._untouched and self.val_start is not None and done >= self.val_start:
            val_loop = self._runner.val_loop  # type: ignore[attr-defined]
            if val_loop is not None and self._is_due(done + 1):
                val_loop.run()
        self._untouched = False


def decide_interval(loop: Any, done: int) -> None:
    """The interval from the next step on; both engines keep milestones and intervals under these names."""
    step = sum(done + 1 >= milestone for milestone in loop.dynamic_milestones)
    if len(loop.dynamic_intervals) > 1:
        loop.val_interval = loop.dynamic_intervals[step - 1]


def _phase(entry: Any) -> tuple[str, int]:
    mode, length = entry
    if mode not in ("train", "val"):
        raise ValueError(f"workflow: a phase is 'train' or 'val', got {mode!r}")
    return str(mode), int(length)


class _ByEpoch(_V2Loop):
    """Phases count epochs."""

    def _left(self) -> bool:
        return bool(self._epoch < self._max_epochs and not self.stop_training)  # type: ignore[attr-defined]

    def _begin(self) -> None:
        runner: Any = self._runner  # type: ignore[attr-defined]
        runner.call_hook("before_train")
        self._resumed_pass = getattr(runner, "resumed_pass", lambda: None)()
        self._resume(self._epoch, self._resumed_pass is not None)

    def _finished(self) -> int:
        return self._epoch

    def _end(self) -> None:
        self._runner.call_hook("after_train")  # type: ignore[attr-defined]

    def _train_phase(self) -> None:
        runner: Any = self._runner  # type: ignore[attr-defined]
        runner.call_hook("before_train_epoch")
        runner.model.train()
        self._evaluate_at_first(self._epoch)
        loader: Any = self.dataloader  # type: ignore[attr-defined]
        batches = self._batches() if hasattr(self, "_batches") else enumerate(loader)
        for index, batch in batches:
            self.run_iter(index, batch)  # type: ignore[attr-defined]
        runner.call_hook("after_train_epoch")
        self._epoch: int = self._epoch + 1
        self._evaluate_if_due(self._epoch)

    @torch.no_grad()
    def _val_phase(self) -> None:
        runner: Any = self._runner  # type: ignore[attr-defined]
        runner.model.eval()
        log = PhaseLog()
        with v2_stage(runner, "epoch", swap_averages=True) as stage:
            for index, batch in enumerate(self.phase_dataloader):
                with stage.iteration(index, batch):
                    stage.took(log.add(losses_of(runner, batch, by_epoch=True)))
        log.write(runner, self._epoch)


class _ByIteration(_V2Loop):
    """Phases count iterations."""

    _phase_batches: Any

    def _left(self) -> bool:
        return bool(self._iter < self._max_iters and not self.stop_training)  # type: ignore[attr-defined]

    def _begin(self) -> None:
        runner: Any = self._runner  # type: ignore[attr-defined]
        runner.call_hook("before_train")
        if self.phase_dataloader is not None:
            endless: Any = type(self.dataloader_iterator)  # type: ignore[attr-defined]
            self._phase_batches = endless(self.phase_dataloader)
        runner.call_hook("before_train_epoch")
        batches: Any = self.dataloader_iterator  # type: ignore[attr-defined]
        position = getattr(runner, "resumed_pass", lambda: None)()
        if position is None:
            for _ in range(self._iter):
                next(batches)
        else:
            batches.take_up(position)
            if "phase" in position:
                self._phase_batches.take_up(position["phase"])
        self._resume(self._iter, inside=False)

    def data_position(self) -> dict[str, Any]:
        """Where the data of both kinds of phases stand; what runtime_v3 saves."""
        position: dict[str, Any] = self.dataloader_iterator.state()  # type: ignore[attr-defined]
        phase = {} if self.phase_dataloader is None else {"phase": self._phase_batches.state()}
        return {**position, **phase}

    def _finished(self) -> int:
        return self._iter

    def _end(self) -> None:
        self._runner.call_hook("after_train_epoch")  # type: ignore[attr-defined]
        self._runner.call_hook("after_train")  # type: ignore[attr-defined]

    def _train_phase(self) -> None:
        runner: Any = self._runner  # type: ignore[attr-defined]
        runner.model.train()
        batch = next(self.dataloader_iterator)  # type: ignore[attr-defined]
        self._evaluate_at_first(self._iter)
        self.run_iter(batch)  # type: ignore[attr-defined]
        self._evaluate_if_due(self._iter)

    _iter: int

    @torch.no_grad()
    def _val_phase(self) -> None:
        runner: Any = self._runner  # type: ignore[attr-defined]
        runner.model.eval()
        batch = next(self._phase_batches)
        log = PhaseLog()
        with v2_stage(runner, None, swap_averages=False) as stage, stage.iteration(self._iter, batch):
            stage.took(log.add(losses_of(runner, batch, by_epoch=False)))
        log.write(runner, self._iter)


def _made(name: str, kind: type, base: str) -> Any:
    """The loop class on the engine's own, so that hooks which ask for its kind know it."""
    return type(name, (kind, getattr(of_engine("runner"), base)), {"__doc__": kind.__doc__, "__module__": __name__})


V2EpochBasedTrainLoop = _made("V2EpochBasedTrainLoop", _ByEpoch, "EpochBasedTrainLoop")
V2IterBasedTrainLoop = _made("V2IterBasedTrainLoop", _ByIteration, "IterBasedTrainLoop")
