"""Progress of a list of tasks, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from multiprocessing import Pool
from shutil import get_terminal_size
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.timer import Timer


class ProgressBar:
    """A bar of `bar_width` characters for `task_num` tasks (0: unknown), written to `file`."""

    def __init__(self, task_num: int = 0, bar_width: int = 50, start: bool = True, file: Any = None) -> None:
        self.task_num = task_num
        self.bar_width = bar_width
        self.completed = 0
        self.file = sys.stdout if file is None else file
        if start:
            self.start()

    @property
    def terminal_width(self) -> int:
        return get_terminal_size().columns

    def start(self) -> None:
        """Writes the empty bar and starts the clock."""
        empty = f"[{' ' * self.bar_width}] 0/{self.task_num}, elapsed: 0s, ETA:"
        self._write(empty if self.task_num > 0 else "completed: 0, elapsed: 0s")
        self.timer = Timer()

    def update(self, num_tasks: int = 1) -> None:
        """Counts `num_tasks` more as done and writes the bar anew."""
        if num_tasks < 1:
            raise ArgumentValueError(f"num_tasks must be at least 1, got {num_tasks}")
        self.completed += num_tasks
        elapsed = self.timer.since_start()
        fps = self.completed / elapsed if elapsed > 0 else float("inf")
        if self.task_num <= 0:
            self._write(f"completed: {self.completed}, elapsed: {int(elapsed + 0.5)}s, {fps:.1f} tasks/s")
            return
        share = self.completed / self.task_num
        eta = int(elapsed * (1 - share) / share + 0.5)
        text = f" {self.completed}/{self.task_num}, {fps:.1f} task/s, elapsed: {int(elapsed + 0.5)}s, ETA: {eta:5}s"
        width = max(2, min(self.bar_width, self.terminal_width - len(text) - 2))
        done = min(width, int(width * share))
        self._write(f"\r[{'>' * done}{' ' * (width - done)}]{text}")

    def _write(self, text: str) -> None:
        self.file.write(text)
        self.file.flush()


def _counted(tasks: Any) -> tuple[Iterable[Any], int]:
    if isinstance(tasks, tuple) and len(tasks) == 2 and isinstance(tasks[1], int) and isinstance(tasks[0], Iterable):
        return tasks
    if isinstance(tasks, Collection):
        return tasks, len(tasks)
    raise ArgumentTypeError('"tasks" must be an iterable object or a (iterator, int) tuple')


def track_iter_progress(tasks: Any, bar_width: int = 50, file: Any = None) -> Iterator[Any]:
    """The tasks one by one, with a bar. `tasks` has a length, or is `(iterable, number of tasks)`."""
    items, count = _counted(tasks)
    bar = ProgressBar(count, bar_width, file=file)
    for item in items:
        yield item
        bar.update()
    bar.file.write("\n")


def track_progress(
    func: Callable[..., Any], tasks: Any, bar_width: int = 50, file: Any = None, **kwargs: Any
) -> list[Any]:
    """`func(task, **kwargs)` of each task, with a bar."""
    return [func(task, **kwargs) for task in track_iter_progress(tasks, bar_width, file)]


def track_parallel_progress(
    func: Callable[..., Any],
    tasks: Any,
    nproc: int,
    initializer: Callable[..., Any] | None = None,
    initargs: tuple[Any, ...] | None = None,
    bar_width: int = 50,
    chunksize: int = 1,
    skip_first: bool = False,
    keep_order: bool = True,
    file: Any = None,
) -> list[Any]:
    """`func(task)` of each task, in `nproc` processes, with a bar; in the order of the tasks unless `keep_order=False`.

    With `skip_first` the clock starts when the first task of each process is done.
    """
    if initargs is not None and not isinstance(initargs, tuple):
        raise TypeError('"initargs" must be a tuple')
    items, count = _counted(tasks)
    waiting = nproc * chunksize if skip_first else 0
    bar = ProgressBar(count - waiting, bar_width, start=not skip_first, file=file)
    results = []
    with Pool(nproc, initializer, initargs or ()) as pool:
        run = pool.imap if keep_order else pool.imap_unordered
        for result in run(func, items, chunksize):
            results.append(result)
            if len(results) == waiting:
                bar.start()
            elif len(results) > waiting:
                bar.update()
    bar.file.write("\n")
    return results
