"""The recorder: one hook for all four engines, made on the `Hook` class of the engine it is given."""

from __future__ import annotations

import random
import struct
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmigrate.compat.dist import get_dist_info
from mmmigrate.compat.trace.batches import IndexWatch
from mmmigrate.compat.trace.digest import tensor_digest, tensor_digests, value_digest, whole_batch
from mmmigrate.compat.trace.format import Column, TensorRecord, TraceWriter
from mmmigrate.compat.trace.gradients import GradientWatch, raw
from mmmigrate.compat.trace.hook_calls import HookCalls
from mmmigrate.compat.trace.observe import (
    averaged,
    group_options,
    loss_scale,
    optimizer_state,
    optimizers_of,
    plain_buffers,
    rates,
    unwrap,
)
from mmmigrate.compat.trace.stages import INIT_ITERATION
from mmmigrate.compat.trace.wrap import plain_values, watch_checkpoints, watch_evaluations

_KINDS = {torch.float64: "f8", torch.float16: "f2", torch.bfloat16: "b2"}


class StopTraining(Exception):  # it ends a run on purpose, nothing went wrong
    """Raised by the recorder before the iteration that it was told not to run any more."""


class TraceRecorder:
    """Writes one row for each iteration, and events for evaluations and checkpoints, to the trace at `path`.

    Register it at the lowest priority: before an iteration it must see the rate that a schedule hook has just set,
    after it the weights that every other hook has left.

    `digests=False` records numbers only (rates, losses, norms). `tensors` names the iterations whose weights,
    gradients, optimizer state and buffers are stored in full; None means every iteration. `stop_before` ends the run
    before that iteration by raising `StopTraining`.
    """

    def __init__(
        self,
        path: str | Path,
        header: Mapping[str, Any] | None = None,
        *,
        digests: bool = True,
        tensors: Collection[int] | None = (),
        stop_before: int | None = None,
    ) -> None:
        super().__init__()
        self.writer = TraceWriter(path, dict(header or {}))
        self.digests = digests
        self.tensors = tensors
        self.stop_before = stop_before
        self.current = INIT_ITERATION
        self._watch: GradientWatch | None = None
        self._columns: list[Column] = []
        self._values: list[float | int] = []
        self._indices: IndexWatch | None = None
        self._calls: HookCalls | None = None

    def watch_data(self, loader: Any) -> None:
        """Notes the indices of each batch of the training `loader` from its next pass on.

        Runners show their loader in time, but for a v2 runner that counts iterations: call this before its `run`.
        """
        if self.digests:
            self._indices = IndexWatch(loader)

    def before_run(self, runner: Any) -> None:
        self._calls = HookCalls(runner)
        # here and not at the first iteration: v2's `evaluation.start = 0` evaluates before it
        watch_checkpoints(runner, lambda name, held: self.writer.event(self.current, "checkpoint", name, held))
        watch_evaluations(runner, lambda name, values: self.writer.event(self.current, "evaluation", name, values))

    def before_train_epoch(self, runner: Any) -> None:
        loader = getattr(runner, "data_loader", None)
        if self._indices is None and loader is not None:
            self.watch_data(getattr(loader, "_dataloader", loader))

    def before_train(self, runner: Any) -> None:
        if self._indices is None:
            self.watch_data(runner.train_dataloader)

    def before_train_iter(self, runner: Any, batch_idx: int | None = None, data_batch: Any = None) -> None:
        if self.stop_before is not None and runner.iter >= self.stop_before:
            raise StopTraining(f"stopped before iteration {runner.iter}")
        if self._watch is None:
            self._start(runner)
        self.current = int(runner.iter)
        watch = self._watched()
        watch.clear()
        watch.keep_tensors = self._keeps(self.current)
        batch = data_batch if data_batch is not None else getattr(runner, "data_batch", None)
        if self.digests and batch is not None:
            self._add("data", "batch", "digest", value_digest(whole_batch(batch)))
            self._note_indices()
        self._add("data", "rng.torch", "digest", tensor_digest(torch.get_rng_state()))
        if torch.cuda.is_available():
            self._add("data", "rng.cuda", "digest", tensor_digest(torch.cuda.get_rng_state()))
        self._add("data", "rng.numpy", "digest", value_digest(tuple(np.random.get_state())[1:3]))
        self._add("data", "rng.python", "digest", hash(random.getstate()[1]) & 0xFFFFFFFFFFFFFFFF)
        watch.rates.update(rates(self._optimizers))
        scale = loss_scale(runner)
        if scale is not None:
            self._add("gradient", "amp.scale", "f8", scale)

    def after_train_iter(
        self, runner: Any, batch_idx: int | None = None, data_batch: Any = None, outputs: Any = None
    ) -> None:
        watch = self._watched()
        for name, value in watch.rates.items():
            self._add("schedule", name, "f8", value)
        self._losses(outputs if outputs is not None else getattr(runner, "outputs", None))
        norm = watch.norm()
        if norm is not None:
            self._add("gradient", "norm", "f4", norm)
        for name, value in watch.clipped_norms.items():
            self._add("clip", f"{name}norm", "f4", value)
        self._add("step", "optimizer.steps", "i8", watch.steps)
        for name, digest in watch.digests.items():
            self._add("gradient", name, "digest", digest)
        self._flush(runner)
        self._note_calls()

    def after_val_epoch(self, runner: Any, metrics: Mapping[str, Any] | None = None) -> None:
        if metrics is not None and get_dist_info()[0] == 0:  # v2 evaluates in the first process only
            self.writer.event(self.current, "evaluation", "metrics", plain_values(metrics))

    def finish(self, status: str, detail: str = "") -> None:
        """Ends the trace: `complete`, `stopped` or `failed`."""
        if self._watch is not None:
            self._watch.remove()
        self.writer.close(status, detail)

    def _start(self, runner: Any) -> None:
        self._model = unwrap(runner.model)
        self._optimizers = optimizers_of(runner)
        parameters = dict(self._model.named_parameters())
        self._names = {id(parameter): name for name, parameter in parameters.items()}
        self._averages: set[str] = set()
        for hook in getattr(runner, "hooks", ()):
            buffers = getattr(hook, "param_ema_buffer", None)
            self._averages.update(buffers.values() if isinstance(buffers, dict) else ())
        self._watch = GradientWatch(parameters, self._optimizers, self.digests)
        options = group_options(self._optimizers, self._names)
        self.writer.event(INIT_ITERATION, "init", "optimizer", options)
        self._flush(runner, stage="init")

    def _note_indices(self) -> None:
        indices = None if self._indices is None else self._indices.taken()
        if indices is not None:
            data = struct.pack(f"<{len(indices)}q", *indices)
            self._add("data", "indices", "digest", value_digest(data))
            self.writer.tensor(TensorRecord(self.current, "data", "indices", "int64", (len(indices),), data))

    def _note_calls(self) -> None:
        calls = [] if self._calls is None else self._calls.taken()
        if calls:
            self.writer.event(self.current, "hooks", "calls", {"calls": calls})

    def _watched(self) -> GradientWatch:
        if self._watch is None:
            raise RuntimeError("the recorder saw the end of an iteration whose beginning it did not see")
        return self._watch

    def _keeps(self, iteration: int) -> bool:
        return self.tensors is None or iteration in self.tensors

    def _add(self, stage: str, name: str, kind: str, value: float | int) -> None:
        self._columns.append(Column(stage, name, kind))
        self._values.append(value)

    def _losses(self, outputs: Any) -> None:
        if not isinstance(outputs, Mapping):
            return
        logged = outputs.get("log_vars")
        values = {**logged, "loss": outputs["loss"]} if isinstance(logged, Mapping) and "loss" in outputs else outputs
        for name, value in values.items():
            if isinstance(value, Tensor):
                if value.numel() == 1:
                    self._add("loss", name, _KINDS.get(value.dtype, "f4"), float(value.detach()))
            elif isinstance(value, (int, float)):
                self._add("loss", name, "f8", float(value))

    def _state(self, runner: Any, stage: str | None) -> Iterator[tuple[str, str, Tensor]]:
        for name, parameter in self._model.named_parameters():
            yield stage or "step", name, parameter
        for name, buffer in plain_buffers(self._model, self._averages):
            yield stage or "forward", name, buffer
        for name, state in optimizer_state(self._optimizers, self._names):
            yield stage or "step", name, state
        for name, average in averaged(runner):
            yield stage or "ema", f"ema/{name}", average

    def _flush(self, runner: Any, stage: str | None = None) -> None:
        """Writes the row of the current iteration with digests of the state it left, and full tensors when asked."""
        keep = self._keeps(self.current)
        if self.digests or keep:
            state = list(self._state(runner, stage))
            digests = tensor_digests([tensor for _, _, tensor in state]) if self.digests else []
            for (where, name, _), digest in zip(state, digests):
                self._add(where, name, "digest", digest)
            for where, name, tensor in state:
                if keep:
                    self.writer.tensor(TensorRecord(self.current, where, name, *raw(tensor)))
        if keep and stage is None:
            for name, gradient in self._watched().tensors.items():
                self.writer.tensor(TensorRecord(self.current, "gradient", name, *raw(gradient)))
        self.writer.row(self.current, tuple(self._columns), self._values)
        self._columns.clear()
        self._values.clear()


def recorder_class(hook_base: type) -> type[Any]:
    """The recorder as a hook of the engine whose `Hook` class is given.

    >>> class Hook: ...
    >>> [base.__name__ for base in recorder_class(Hook).__mro__[:3]]
    ['Recorder', 'TraceRecorder', 'Hook']
    """
    return type("Recorder", (TraceRecorder, hook_base), {"__doc__": TraceRecorder.__doc__})
