"""Puts a proof into the page."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.report.charts import charts
from mmmigrate.compat.report.events import checkpoints, evaluations, quantities
from mmmigrate.compat.report.files import FilePair
from mmmigrate.compat.report.heat import heat_map
from mmmigrate.compat.report.run_parts import hook_order, parameter_groups
from mmmigrate.compat.trace.reader import Curves, read_curves
from mmmigrate.compat.trace.verdict import Comparison

DASH = "\N{EN DASH}"
TITLES = {
    "bit-equal": "Training is bit-equal",
    "within-ulp": "Training is equal within the tolerance",
    "divergent": "Training diverges",
    "not-compared": "Could not compare",
}


def write_report(
    path: str | Path, comparison: Comparison, traces: tuple[Path, Path], pairs: list[FilePair], subject: str,
    detail: tuple[Path, Path] | None = None,
) -> None:  # fmt: skip
    """Writes the report of a proof to `path`, whole or not at all. Traces that do not exist are left out.

    `detail`: traces of the same runs that hold the tensors around the first divergence.
    """
    with atomic_write(Path(path), "w") as file:
        file.write(report_html(comparison, traces, pairs, subject, detail))


def report_html(
    comparison: Comparison, traces: tuple[Path, Path], pairs: list[FilePair], subject: str,
    detail: tuple[Path, Path] | None = None,
) -> str:  # fmt: skip
    """The page as text. Everything that comes from configs, traces and names is escaped."""
    old, new = (read_curves(trace) if trace.exists() else Curves({}) for trace in traces)
    drawn = charts(old, new)
    heat = heat_map(*traces, detail) if all(trace.exists() for trace in traces) else None
    return _template().render(
        subject=subject,
        comparison=comparison,
        first=comparison.first,
        title=TITLES[comparison.verdict],
        stages=quantities(traces[0]) if traces[0].exists() else [],
        charts=drawn,
        heat=heat,
        data={
            "charts": [asdict(chart) for chart in drawn],
            "first": comparison.first and comparison.first.iter,
            "heat": heat and asdict(heat),
        },
        stages_of_hooks=hook_order(old, new),
        groups=parameter_groups(old, new),
        evaluations=evaluations(old.events, new.events),
        checkpoints=checkpoints(old.events, new.events),
        pairs=pairs,
        environment=_environment_rows(old.header, new.header),
    )


def _environment_rows(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(key, old.get(key, DASH), new.get(key, DASH)) for key in {**old, **new} if key != "version"]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_part), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["raw"] = lambda name: Markup(_part(name))
    environment.filters["exact"] = _exact
    return environment.get_template("report.html.j2")


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _exact(value: Any) -> str:
    """A number with all its digits; a dash for what is missing."""
    return DASH if value is None else repr(value) if isinstance(value, float) else str(value)
