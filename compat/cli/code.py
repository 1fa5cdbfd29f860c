"""``mmmigrate code PATH…``"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.cli.request import Request, codes, exit_code, report, write_results
from mmmigrate.compat.code_pipeline import convert_code, find_code, uncommitted
from mmmigrate.compat.results import FileResult
from mmmigrate.converters.code.convert import CodeOptions
from mmmigrate.converters.code.project import Project


@click.command(short_help="Rewrite Python files or packages.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--to", "to", type=click.Choice(["v3", "v2"]), default="v3", show_default=True,
              help="Generation to convert to.")  # fmt: skip
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), help="Write here: a file, or a folder.")
@click.option("-w", "--write", is_flag=True, help="Rewrite in place.")
@click.option("--force", is_flag=True, help="With -w: also files whose changes git does not have.")
@click.option("--diff", is_flag=True, help="Print a unified diff.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--strict", is_flag=True, help="Exit 1 if a finding needs a person.")
@click.option("--select", multiple=True, callback=codes, help="Only these rule codes or prefixes.")
@click.option("--ignore", multiple=True, callback=codes, help="Not these rule codes or prefixes.")
@click.option("--bridge/--no-bridge", default=True, show_default=True,
              help="Import what is gone from mmmigrate's own runtimes, or leave it with a marker.")  # fmt: skip
@click.option("--json", "json_target", metavar="FILE", help="Write results as JSON; - is stdout.")
@click.option("--sarif", "sarif_target", metavar="FILE", help="Write findings as SARIF; - is stdout.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print findings.")
def command(to: str, select: tuple[str, ...], ignore: tuple[str, ...], bridge: bool, force: bool,
            json_target: str | None, sarif_target: str | None, **asked: Any) -> None:  # fmt: skip
    """Rewrite Python code, packages and notebooks from mmcv 1.x to mmengine.

    One file and neither -o nor -w: the new text on stdout. A folder and neither: a dry run. The code is never
    executed. `# mmmigrate: skip` leaves a statement alone, above all code the whole file.
    """
    request = Request(json=json_target, sarif=sarif_target, **asked)
    options = CodeOptions(to, select, ignore, bridge)
    paths: dict[Path, None] = {}
    for path in request.paths:
        paths.update(dict.fromkeys(find_code(path) if path.is_dir() else [path]))
    project = Project()  # kept to the end: to take it apart would take a tenth
    results = list(convert_code(list(paths), options, request.jobs, project))
    if request.write and not (force or request.check or request.diff):
        _guard(results)
    report(request, results, write_results(request, results), to)
    sys.exit(exit_code(request, results))


def _guard(results: list[FileResult]) -> None:
    """Refuses to rewrite what git could not give back."""
    dirty = uncommitted([result.path for result in results if result.status == "converted"])
    if dirty:
        names = ", ".join(str(path) for path in dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
        raise click.UsageError(f"not committed to git: {names}; commit them first, or give --force")
