"""How long a function takes, on average over its calls."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.device import is_cuda_available
from mmmigrate.runtime_v3.dist import master_only
from mmmigrate.runtime_v3.logging import MMLogger, print_log


class TimeCounter:
    """A decorator or context manager that logs the mean time of the calls from number `warmup_interval` on.

    It does so every `log_interval` calls. Counters with the same `tag` (the function's name if None) are one.
    `with_sync` waits for the GPU.
    """

    instance_dict: ClassVar[dict[str, TimeCounter]] = {}

    log_interval: int
    warmup_interval: int
    with_sync: bool
    tag: str | None
    logger: Any
    _count: int
    _total: float
    _begin: float

    def __new__(
        cls,
        log_interval: int = 1,
        warmup_interval: int = 1,
        with_sync: bool = True,
        tag: str | None = None,
        logger: MMLogger | None = None,
    ) -> TimeCounter:
        if warmup_interval < 1:
            raise ArgumentValueError(f"TimeCounter: warmup_interval must be at least 1, got {warmup_interval}")
        if tag is not None and tag in cls.instance_dict:
            return cls.instance_dict[tag]
        made = super().__new__(cls)
        made.log_interval, made.warmup_interval, made.with_sync = log_interval, warmup_interval, with_sync
        made.tag, made.logger = tag, logger
        made._count = 0
        made._total = 0.0
        made._begin = 0.0
        if tag is not None:
            cls.instance_dict[tag] = made
        return made

    @master_only
    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        if self.tag is None:
            self.tag = fn.__name__
            TimeCounter.instance_dict[self.tag] = self

        @functools.wraps(fn)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self:
                return fn(*args, **kwargs)

        return timed

    def __enter__(self) -> None:
        if self.tag is None:
            raise ArgumentValueError("TimeCounter: a context manager needs a tag, to tell its lines apart in the log")
        self._count += 1
        self._wait()
        self._begin = time.perf_counter()

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        self._wait()
        elapsed = time.perf_counter() - self._begin
        self.print_time(elapsed)

    def _wait(self) -> None:
        if self.with_sync and is_cuda_available():
            import torch

            torch.cuda.synchronize()

    def print_time(self, elapsed: int | float) -> None:
        """Counts a call of `elapsed` seconds, and logs the mean where that is due."""
        measured = self._count - self.warmup_interval + 1
        if measured < 1:
            return
        self._total += elapsed
        if self._count % self.log_interval == 0:
            mean = self._total / measured * 1000
            message = f"[{self.tag}]-time per run averaged in the past {self._count} runs: {mean:.1f} ms"
            print_log(message, self.logger)
