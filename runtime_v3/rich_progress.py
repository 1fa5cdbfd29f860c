"""Work on many tasks in several processes, with a bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from itertools import repeat
from multiprocessing import Pool
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmmigrate.compat.argument_errors import ArgumentValueError


def track_progress_rich(
    func: Callable[..., Any],
    tasks: Iterable[Any] = (),
    task_num: int | None = None,
    nproc: int = 1,
    chunksize: int = 1,
    description: str = "Processing",
    color: str = "blue",
) -> list[Any]:
    """`func` of every task, in their order. A task that is a tuple or list is unpacked.

    Without tasks, `func()` is called `task_num` times. `nproc` processes take `chunksize` tasks at a time.
    """
    if not callable(func):
        raise TypeError("func must be a callable object")
    if not isinstance(tasks, Iterable):
        raise TypeError(f"tasks must be an iterable object, but got {type(tasks)}")
    if isinstance(tasks, Sized) and len(tasks) == 0:
        if task_num is None:
            raise ValueError("If tasks is an empty iterable, task_num must be set")
        tasks = (() for _ in range(task_num))
    elif isinstance(tasks, Sized):
        if task_num is not None and task_num != len(tasks):
            raise ValueError(f"task_num does not match the length of tasks: {task_num}, {len(tasks)}")
        task_num = len(tasks)
    if nproc <= 0:
        raise ArgumentValueError(f"nproc must be a positive number, got {nproc}")
    bar = BarColumn(complete_style=color)
    columns = (TextColumn("{task.description}"), bar, MofNCompleteColumn(), TimeRemainingColumn())
    results: list[Any] = []
    with Progress(*columns) as progress:
        shown = progress.add_task(description, total=task_num)
        for result in _results(func, tasks, nproc, chunksize):
            results.append(result)
            progress.update(shown, advance=1)
    return results


def _results(func: Callable[..., Any], tasks: Iterable[Any], nproc: int, chunksize: int) -> Iterable[Any]:
    if nproc == 1:
        yield from map(_call, zip(repeat(func), tasks))
        return
    with Pool(nproc) as pool:
        yield from pool.imap(_call, zip(repeat(func), tasks), chunksize)


def _call(work: tuple[Callable[..., Any], Any]) -> Any:
    func, task = work
    return func(*task) if isinstance(task, (tuple, list)) else func(task)
