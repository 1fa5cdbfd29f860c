"""ProfilerHook: torch's profiler over the first iterations or epochs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.dist import master_only
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

TraceHandler = Callable[[Any], Any]


@HOOKS.register_module()
class ProfilerHook(Hook):
    """Profiles the first `profile_iters` epochs (or iterations, if not `by_epoch`) on rank 0.

    `activities` are 'cpu' and 'cuda'; `schedule` holds the arguments of `torch.profiler.schedule`. `on_trace_ready`
    is a function, or a dict of type 'log_trace' (prints a table) or 'tb_trace' (for TensorBoard). The trace goes to
    `json_trace_path` if given. The other arguments are the profiler's own.
    """

    def __init__(
        self,
        by_epoch: bool = True,
        profile_iters: int = 1,
        activities: list[str] | tuple[str, ...] = ("cpu", "cuda"),
        schedule: dict[str, Any] | None = None,
        on_trace_ready: TraceHandler | dict[str, Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        json_trace_path: str | None = None,
    ) -> None:
        if not isinstance(by_epoch, bool):
            raise ArgumentTypeError(f"by_epoch should be a boolean, got {by_epoch!r}")
        if profile_iters < 1:
            raise ArgumentValueError(f"profile_iters should be greater than 0, but got {profile_iters}")
        if not isinstance(activities, list | tuple):
            raise ArgumentValueError(f"activities should be list, but got {type(activities)}")
        self.by_epoch = by_epoch
        self.profile_iters = profile_iters
        self.activities = [_activity(name) for name in activities]
        self.schedule = None if schedule is None else torch.profiler.schedule(**schedule)
        self.on_trace_ready = on_trace_ready
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.with_flops = with_flops
        self.json_trace_path = json_trace_path

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Begin to profile."""
        length = runner.max_epochs if self.by_epoch else runner.max_iters
        if length < self.profile_iters:
            raise ArgumentValueError(f"profile_iters should not be greater than {length}, got {self.profile_iters}")
        if self.by_epoch and runner.max_epochs > 1:
            warnings.warn(
                f"profiling slows training down, and this run has {runner.max_epochs} epochs: profile a run of one "
                "epoch and train without the ProfilerHook",
                stacklevel=2,
            )
        self.profiler = torch.profiler.profile(
            activities=self.activities,
            schedule=self.schedule,
            on_trace_ready=_trace_handler(self.on_trace_ready, runner),
            record_shapes=self.record_shapes,
            profile_memory=self.profile_memory,
            with_stack=self.with_stack,
            with_flops=self.with_flops,
        )
        self.profiler.start()
        runner.logger.info("profiler is profiling...")

    @master_only
    def after_train_epoch(self, runner: BaseRunner) -> None:
        """End with the last epoch to profile."""
        if self.by_epoch and runner.epoch == self.profile_iters - 1:
            self._end(runner)

    @master_only
    def after_train_iter(self, runner: BaseRunner) -> None:
        """Count the iteration, and end with the last one to profile."""
        self.profiler.step()
        if not self.by_epoch and runner.iter == self.profile_iters - 1:
            self._end(runner)

    def _end(self, runner: BaseRunner) -> None:
        runner.logger.info("profiler may take a few minutes...")
        self.profiler.stop()
        if self.json_trace_path is not None:
            self.profiler.export_chrome_trace(self.json_trace_path)


def _activity(name: str) -> torch.profiler.ProfilerActivity:
    known = {"cpu": torch.profiler.ProfilerActivity.CPU, "cuda": torch.profiler.ProfilerActivity.CUDA}
    if name.lower() not in known:
        raise ArgumentValueError(f'activity should be "cpu" or "cuda", but got {name}')
    return known[name.lower()]


def _trace_handler(wanted: TraceHandler | dict[str, Any] | None, runner: BaseRunner) -> TraceHandler | None:
    if wanted is None or callable(wanted):
        return wanted
    if not isinstance(wanted, dict):
        raise ArgumentValueError(f"on_trace_ready should be a function, a dict or None, but got {type(wanted)}")
    options = dict(wanted)
    kind = options.pop("type")
    if kind == "log_trace":
        return lambda profile: print(profile.key_averages().table(**options))
    if kind == "tb_trace":
        options["dir_name"] = str(Path(str(runner.work_dir)) / options.get("dir_name", "tf_tracing_logs"))
        runner.logger.info(f"tracing files of ProfilerHook will be saved to {options['dir_name']}.")
        handler: TraceHandler = torch.profiler.tensorboard_trace_handler(**options)
        return handler
    raise ArgumentValueError(f'trace_type should be "log_trace" or "tb_trace", but got {kind}')
