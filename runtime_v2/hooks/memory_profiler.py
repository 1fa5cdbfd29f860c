"""MemoryProfilerHook: the machine's and the process's memory in the log."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.hook import Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

MIB = 1024 * 1024


@EXTRA_HOOKS.register_module()
class MemoryProfilerHook(Hook):
    """Logs virtual memory, swap and the memory of this process every `interval` iterations. Needs psutil."""

    def __init__(self, interval: int = 50) -> None:
        try:
            psutil: Any = import_module("psutil")
        except ImportError as error:
            raise ImportError("MemoryProfilerHook needs psutil: pip install psutil") from error
        self._psutil = psutil
        self.interval = interval

    def after_iter(self, runner: BaseRunner) -> None:
        """Log, if this iteration is due."""
        if not self.every_n_iters(runner, self.interval):
            return
        virtual, swap = self._psutil.virtual_memory(), self._psutil.swap_memory()
        process = self._psutil.Process().memory_info().rss
        runner.logger.info(
            "Memory information "
            f"available_memory: {round(virtual.available / MIB)} MB, "
            f"used_memory: {round(virtual.used / MIB)} MB, "
            f"memory_utilization: {virtual.percent} %, "
            f"available_swap_memory: {round((swap.total - swap.used) / MIB)} MB, "
            f"used_swap_memory: {round(swap.used / MIB)} MB, "
            f"swap_memory_utilization: {swap.percent} %, "
            f"current_process_memory: {round(process / MIB)} MB"
        )
