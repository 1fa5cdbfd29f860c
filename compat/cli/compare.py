"""``mmmigrate compare TRACE_A TRACE_B``"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mmmigrate.compat.cli.files import OutputFile
from mmmigrate.compat.cli.output import write_document
from mmmigrate.compat.proof.ranks import compare_ranks
from mmmigrate.compat.trace.format import TraceError
from mmmigrate.compat.trace.verdict import Comparison

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_COLOURS = {"bit-equal": "green", "within-ulp": "yellow", "divergent": "red", "not-compared": "magenta"}


def show_verdict(comparison: Comparison) -> None:
    """Prints the verdict to standard output, and what is worth knowing besides to standard error."""
    for note in comparison.notes:
        click.echo(f"note: {note}", err=True)
    head, _, rest = str(comparison).partition(":")
    if not rest:
        head, _, rest = str(comparison).partition(" ")
        click.echo(f"{click.style(head, fg=_COLOURS[comparison.verdict], bold=True)} {rest}")
        return
    click.echo(f"{click.style(head, fg=_COLOURS[comparison.verdict], bold=True)}:{rest}")


@click.command(short_help="Compare two recorded traces.")
@click.argument("old", metavar="TRACE_A", type=FILE)
@click.argument("new", metavar="TRACE_B", type=FILE)
@click.option("--ulp", default=0, show_default=True, type=click.IntRange(min=0), help="Tolerance in the last place.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=OutputFile(dash=True),
    help="Write the verdict as JSON; - is standard output.",
)
@click.option("--junit", metavar="FILE", type=OutputFile(), help="Write the verdict as a JUnit file.")
@click.option("--markdown", metavar="FILE", type=OutputFile(), help="Write the verdict as Markdown.")
@click.option("--report", metavar="FILE.html", type=OutputFile(), help="Write an HTML report.")
def command(old: Path, new: Path, ulp: int, json_file: str | None, junit: Path | None, markdown: Path | None,
            report: Path | None) -> None:  # fmt: skip
    """Give the verdict on two traces, and the first divergence.

    The exit code is 0 for equal, 1 for divergent, 2 if they could not be compared.
    """
    try:
        comparison = compare_ranks(old, new, ulp=ulp)
    except TraceError as error:
        raise click.UsageError(str(error)) from error
    subject = f"{old} → {new}"
    if junit:
        from mmmigrate.compat.proof.junit import write_junit

        write_junit(junit, comparison, subject)
    if markdown:
        from mmmigrate.compat.proof.markdown import write_markdown

        write_markdown(markdown, comparison, subject)
    if report:
        from mmmigrate.compat.report.write import write_report

        write_report(report, comparison, (old, new), [], subject)
    if json_file:
        write_document(json_file, comparison.as_json())
    if json_file != "-":
        show_verdict(comparison)
    sys.exit(comparison.exit_code)
