"""Timing code by hand."""

from __future__ import annotations

import time


class TimerError(Exception):
    """A timer was read before it was started."""


class Timer:
    """Seconds since the start and since the last look; as a context manager it prints what the block took.

    `print_tmpl` is the text for that, with a place for the number: "{:.3f}".
    """

    def __init__(self, start: bool = True, print_tmpl: str | None = None) -> None:
        self._is_running = False
        self.print_tmpl = print_tmpl or "{:.3f}"
        if start:
            self.start()

    @property
    def is_running(self) -> bool:
        return self._is_running

    def __enter__(self) -> Timer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        print(self.print_tmpl.format(self.since_last_check()))
        self._is_running = False

    def start(self) -> None:
        """Starts the timer; one that runs already only starts its last look anew."""
        now = time.monotonic()
        if not self._is_running:
            self._t_start = now
            self._is_running = True
        self._t_last = now

    def since_start(self) -> float:
        """Seconds since the start."""
        now = self._now()
        self._t_last = now
        return now - self._t_start

    def since_last_check(self) -> float:
        """Seconds since the start, or since the last call of this or `since_start`."""
        now = self._now()
        passed, self._t_last = now - self._t_last, now
        return passed

    def _now(self) -> float:
        if not self._is_running:
            raise TimerError("timer is not running")
        return time.monotonic()


_timers: dict[str, Timer] = {}


def check_time(timer_id: str) -> float:
    """Seconds since the last call with the same id; 0 for the first."""
    if timer_id not in _timers:
        _timers[timer_id] = Timer()
        return 0
    return _timers[timer_id].since_last_check()
