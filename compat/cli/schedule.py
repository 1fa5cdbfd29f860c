"""``mmmigrate schedule CONFIG``"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.cli.output import write_document
from mmmigrate.compat.findings import ConversionError
from mmmigrate.compat.proof.course import Course, Generation, course, needs_epoch_length
from mmmigrate.compat.proof.groups import PredictionError
from mmmigrate.compat.schedule import ScheduleError

_LARGEST = 20_000_000  # iterations that are worth predicting


@click.command(short_help="Show every rate, evaluation and checkpoint of a run.")
@click.argument("config", type=click.Path(exists=True, path_type=Path))
@click.option("--iters-per-epoch", metavar="N", type=click.IntRange(min=1), help="Length of the training dataloader.")
@click.option("--rows", default=40, show_default=True, type=click.IntRange(min=1), help="Lines of the table.")
@click.option("--csv", "csv_target", metavar="FILE", help="Write every iteration as CSV; - is stdout.")
@click.option("--json", "json_target", metavar="FILE", help="Write every iteration as JSON; - is stdout.")
@click.option("--plot", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Draw it: .svg or .png.")
@click.option("--trust", is_flag=True, help="Execute the config where it cannot be evaluated.")
def command(config: Path, iters_per_epoch: int | None, rows: int, csv_target: str | None, json_target: str | None,
            plot: Path | None, trust: bool) -> None:  # fmt: skip
    """Show what CONFIG, of either generation, does over its whole run: every learning rate and momentum, by parameter
    group where they differ, every evaluation and every checkpoint.

    The config is read, never executed; neither model nor data are needed. A run that is counted in epochs and changes
    its rate inside of them needs the number of iterations in one: data set size / (batch size x GPUs), rounded up.
    """
    if plot is not None and plot.suffix not in (".svg", ".png"):
        raise click.UsageError(f"--plot writes .svg or .png, not {plot.suffix or 'a file without suffix'}")
    try:
        found = _predict(config, iters_per_epoch, trust)
    except ConversionError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    except (PredictionError, ScheduleError, TypeError, ValueError, KeyError, ZeroDivisionError) as error:
        click.echo(f"error: {config}: the run cannot be predicted: {error}", err=True)
        sys.exit(2)
    if csv_target is not None:
        _write_text(csv_target, _as_csv(found))
    if json_target is not None:
        write_document(json_target, _as_json(config, found))
    if plot is not None:
        _draw(plot, config, found)
    if "-" not in (csv_target, json_target):
        click.echo("\n".join(table(found, rows)))


def _predict(path: Path, iters_per_epoch: int | None, trust: bool) -> Course:
    from mmmigrate.converters.read.load import Loader
    from mmmigrate.converters.read.traced import plain

    file = Loader(trust).load(path)
    tree: dict[str, Any] = plain(file.merged)
    generation: Generation = "v3" if file.generation == "v3" else "v2"
    counted = needs_epoch_length(tree, generation) if iters_per_epoch is None else ""
    if counted:
        raise PredictionError(
            f"{counted} counts iterations in a run of epochs: give --iters-per-epoch N, the length of the training "
            "dataloader (data set size / (batch size x GPUs), rounded up)"
        )
    return _within_bounds(tree, generation, iters_per_epoch or 1)


def _within_bounds(tree: dict[str, Any], generation: Generation, iters_per_epoch: int) -> Course:
    from mmmigrate.compat.proof.predict import run_length, run_length_v3

    length = (run_length if generation == "v2" else run_length_v3)(tree, iters_per_epoch).total_iters()
    if not isinstance(length, int) or isinstance(length, bool) or not 0 < length <= _LARGEST:
        raise PredictionError(f"a run of {length!r} iterations (1 to {_LARGEST:,} are predicted)")
    return course(tree, generation, iters_per_epoch)


def table(found: Course, rows: int) -> list[str]:
    """A line for each stretch of the run: rates at its first step, and what happens in it."""
    shown = found.distinct(found.lr)
    has_momentum = [index for index in found.distinct(found.momentum) if any(found.momentum[index])]
    unit = found.unit
    heads = [unit, *(_head("lr", found, index, shown) for index in shown)]
    heads += [_head("momentum", found, index, has_momentum) for index in has_momentum]
    lines = [[*heads, "after it"]]
    for first, last in _stretches(found, rows):
        cells = [str(first + 1) if last == first + 1 else f"{first + 1}-{last}"]
        cells += [_range(found.lr[index], first, last) for index in shown]
        cells += [_range(found.momentum[index], first, last) for index in has_momentum]
        lines.append([*cells, _events(found, first, last)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    text = ["  ".join([*(cell.rjust(width) for cell, width in zip(line, widths)), line[-1]]).rstrip() for line in lines]
    return [*_summary(found), "", *text]


def _range(values: list[float], first: int, last: int) -> str:
    """The value at the first and the last step of a stretch."""
    ends = [f"{values[first]:.6g}", f"{values[last - 1]:.6g}"]
    return " -> ".join(dict.fromkeys(ends))


def _head(name: str, found: Course, index: int, shown: list[int]) -> str:
    return name if len(shown) == 1 else f"{name} ({found.groups[index].title})"


def _summary(found: Course) -> list[str]:
    run = found.run
    length = f"{run.max_epochs} epochs" if run.runner == "epoch" else f"{run.max_iters} iterations"
    if run.runner == "epoch" and found.unit == "iteration":
        length += f" of {run.iters_per_epoch} iterations"
    peaks = ", ".join(f"{found.groups[i].title}: {max(found.lr[i]):.6g}" for i in found.distinct(found.lr))
    events = f"{len(found.evaluations)} evaluations, {len(found.checkpoints)} checkpoints"
    return [f"{found.generation}, {length}, {events}; highest lr: {peaks}"]


def _stretches(found: Course, rows: int) -> list[tuple[int, int]]:
    """The run in at most ``rows`` parts: whole epochs where there are some, single steps where they are few."""
    per_part = found.run.iters_per_epoch if found.run.runner == "epoch" and found.run.iters_per_epoch else 1
    parts = -(-found.iterations // per_part)
    size = per_part * -(-parts // rows)
    return [(start, min(start + size, found.iterations)) for start in range(0, found.iterations, size)]


def _events(found: Course, first: int, last: int) -> str:
    evaluations = [i for i in found.evaluations if first < i <= last]
    names = [name for i, name in found.checkpoints if first < i <= last]
    said = []
    if evaluations:
        said.append("evaluation" if len(evaluations) == 1 else f"{len(evaluations)} evaluations")
    if names:
        said.append(names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}")
    return ", ".join(said)


def _as_csv(found: Course) -> str:
    evaluations, checkpoints = set(found.evaluations), dict(found.checkpoints)
    columns = [f"{name}[{i}]" for name in ("lr", "momentum") for i in range(len(found.groups))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([found.unit, *columns, "evaluates", "checkpoint"])
    for i in range(found.iterations):
        values = [series[i] for series in (*found.lr, *found.momentum)]
        writer.writerow([i + 1, *map(repr, values), int(i + 1 in evaluations), checkpoints.get(i + 1, "")])
    return out.getvalue()


def _as_json(config: Path, found: Course) -> dict[str, Any]:
    return {
        "version": 1,
        "config": str(config),
        "generation": found.generation,
        "unit": found.unit,
        "steps": found.iterations,
        "iters_per_epoch": found.run.iters_per_epoch,
        "groups": [
            {"optimizer": group.optimizer, "name": group.title, "lr": lr, "momentum": momentum}
            for group, lr, momentum in zip(found.groups, found.lr, found.momentum)
        ],
        "evaluations": found.evaluations,
        "checkpoints": [{"step": step, "name": name} for step, name in found.checkpoints],
    }


def _write_text(target: str, text: str) -> None:
    if target == "-":
        click.echo(text, nl=False)
        return
    with atomic_write(Path(target), "w") as file:
        file.write(text)


def _draw(target: Path, config: Path, found: Course) -> None:
    from mmmigrate.compat.report.plot import draw_png, draw_svg

    if target.suffix == ".svg":
        _write_text(str(target), draw_svg(found, config.name))
        return
    try:
        data = draw_png(found, config.name)
    except ImportError:
        raise click.UsageError("a .png needs Pillow: pip install 'mmmigrate[drawing]', or draw an .svg") from None
    with atomic_write(target, "wb") as file:
        file.write(data)
