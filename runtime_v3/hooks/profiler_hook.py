"""Profiles the first iterations or the first epoch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class ProfilerHook(Hook):
    """Runs torch's profiler over one epoch, or over `profile_times` iterations (`by_epoch=False`).

    - `schedule`: the arguments of `torch.profiler.schedule`.
    - `on_trace_ready`: a function of the profile; `dict(type='log_trace', …)` prints a table with these settings;
      `dict(type='tb_trace', dir_name=…)` writes traces for TensorBoard, by default in the log folder.
    - `json_trace_path`: a file for Chrome's trace viewer.
    """

    priority = "VERY_LOW"

    def __init__(
        self,
        *,
        by_epoch: bool = True,
        profile_times: int = 1,
        activity_with_cpu: bool = True,
        activity_with_cuda: bool = False,
        schedule: dict[str, Any] | None = None,
        on_trace_ready: Callable[[Any], Any] | dict[str, Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        json_trace_path: str | None = None,
    ) -> None:
        if profile_times < 1:
            raise ValueError(f"ProfilerHook: profile_times must be at least 1, got {profile_times}")
        if by_epoch and profile_times > 1:
            raise ValueError(f"ProfilerHook: {profile_times} epochs would take very long: profile 1, or iterations")
        for name, flag in (
            ("by_epoch", by_epoch),
            ("activity_with_cpu", activity_with_cpu),
            ("activity_with_cuda", activity_with_cuda),
        ):
            if not isinstance(flag, bool):
                raise ArgumentTypeError(f"ProfilerHook: {name} must be a boolean, got {flag!r}")
        if schedule is not None and not isinstance(schedule, dict):
            raise ArgumentTypeError(f"ProfilerHook: schedule must be a dict, got {schedule!r}")
        if on_trace_ready is not None and not callable(on_trace_ready) and not isinstance(on_trace_ready, dict):
            raise ValueError(f"ProfilerHook: on_trace_ready must be a function or a dict, got {on_trace_ready!r}")
        self.by_epoch = by_epoch
        self.profile_times = profile_times
        activity = torch.profiler.ProfilerActivity
        self.activities = [
            kind for kind, wanted in ((activity.CPU, activity_with_cpu), (activity.CUDA, activity_with_cuda)) if wanted
        ]
        self.schedule = None if schedule is None else torch.profiler.schedule(**schedule)
        self.on_trace_ready = on_trace_ready
        self.options: dict[str, Any] = {
            "record_shapes": record_shapes,
            "profile_memory": profile_memory,
            "with_stack": with_stack,
            "with_flops": with_flops,
        }
        self.json_trace_path = json_trace_path
        self._closed = False
        self.profiler: Any = None

    def before_run(self, runner: Runner) -> None:
        available = runner.max_epochs if self.by_epoch else runner.max_iters
        if available < self.profile_times:
            raise ValueError(f"ProfilerHook: profile_times={self.profile_times}, but training has only {available}")
        self.profiler = torch.profiler.profile(
            activities=self.activities,
            schedule=self.schedule,
            on_trace_ready=self._parse_trace_config(runner),
            **self.options,
        )
        self.profiler.__enter__()
        runner.logger.info("profiler is profiling...")

    def _parse_trace_config(self, runner: Runner) -> Callable[[Any], Any] | None:
        if self.on_trace_ready is None or callable(self.on_trace_ready):
            return self.on_trace_ready
        settings = dict(self.on_trace_ready)
        kind = settings.pop("type", None)
        if kind == "log_trace":
            return lambda profile: print(profile.key_averages().table(**settings))
        if kind == "tb_trace":
            # An absolute folder stays as it is.
            settings["dir_name"] = str(Path(runner.log_dir) / settings.get("dir_name", "tf_tracing_logs"))
            runner.logger.info(f"trace_files of ProfilerHook will be saved to {settings['dir_name']}.")
            handler: Callable[[Any], Any] = torch.profiler.tensorboard_trace_handler(**settings)
            return handler
        raise ValueError(f"ProfilerHook: on_trace_ready.type must be 'log_trace' or 'tb_trace', got {kind!r}")

    def after_train_epoch(self, runner: Runner) -> None:
        if not self._closed:
            self._finish(runner)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        if self._closed:
            return
        self.profiler.step()
        if not self.by_epoch and runner.iter == self.profile_times - 1:
            self._finish(runner)

    def _finish(self, runner: Runner) -> None:
        self._closed = True
        runner.logger.info("profiler may take a few minutes...")
        self.profiler.__exit__(None, None, None)
        if self.json_trace_path is not None:
            self.profiler.export_chrome_trace(self.json_trace_path)
