"""``mmmigrate config PATH…``"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.cli.progress import track
from mmmigrate.compat.cli.request import Request, codes, exit_code, report, write_results
from mmmigrate.compat.cli.settings import ProjectSettings, project_settings
from mmmigrate.compat.pipeline import convert_files, find_configs, with_bases
from mmmigrate.compat.results import FileResult
from mmmigrate.converters.packs.change import PackError
from mmmigrate.converters.packs.choose import named_packs
from mmmigrate.converters.read.load import SUFFIXES
from mmmigrate.converters.rules.experiment import Options


def _packs(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        named_packs(value)
    except PackError as error:
        raise click.BadParameter(str(error)) from error
    return value


@click.command(short_help="Convert config files or folders.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--to", "to", type=click.Choice(["v3", "v2"]), default="v3", show_default=True, help="Generation to convert to."
)
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), help="Write here: a file, or a folder.")
@click.option("-w", "--write", is_flag=True, help="Rewrite in place.")
@click.option("--diff", is_flag=True, help="Print a unified diff.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--strict", is_flag=True, help="Exit 1 if a finding needs a person.")
@click.option("--select", multiple=True, callback=codes, help="Only these rule codes or prefixes.")
@click.option("--ignore", multiple=True, callback=codes, help="Not these rule codes or prefixes.")
@click.option("--schedule", type=click.Choice(["auto", "stock", "exact"]), default="auto", show_default=True,
              help="Stock schedulers, the bit-equal closed form, or that only where stock is not equal.")  # fmt: skip
@click.option("--pack", "packs", multiple=True, callback=_packs, default=["auto"], show_default=True,
              metavar="NAME|FILE", help="Tables of a codebase's classes: auto, none, a name, a YAML file.")  # fmt: skip
@click.option("--order", type=click.Choice(["v3", "v2"]), default="v3", show_default=True,
              help="mmengine's samplers, or ones that draw the order of a single v2 process.")  # fmt: skip
@click.option("--style", type=click.Choice(["minimal", "idiomatic"]), default="minimal", show_default=True,
              help="New keys in the place of the old ones, or grouped as published v3 configs are.")  # fmt: skip
@click.option("--flatten", is_flag=True, help="Self-contained files, without _base_.")
@click.option("--trust", is_flag=True, help="Execute files that cannot be evaluated, in a process of their own.")
@click.option("--json", "json_target", metavar="FILE", help="Write results as JSON; - is stdout.")
@click.option("--sarif", "sarif_target", metavar="FILE", help="Write findings as SARIF; - is stdout.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print findings.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[Path, ...], to: str, trust: bool, json_target: str | None,
            sarif_target: str | None, out: Path | None, write: bool, diff: bool, check: bool, jobs: int,
            quiet: bool, **_: Any) -> None:  # fmt: skip
    """Convert configs between mmcv 1.x and mmengine: Python, YAML and JSON.

    One file and neither -o nor -w: the new text on stdout. A folder and neither: a dry run.
    The files are never executed, unless --trust allows it for those that need it.
    [tool.mmmigrate] in pyproject.toml may hold select, ignore, exclude, packs, schedule, order, style, flatten, strict.
    """
    project = project_settings(paths[0] if paths[0].is_dir() else paths[0].parent)
    strict = project.or_asked(ctx, "strict")
    request = Request(paths, out, write, diff, check, strict, json_target, sarif_target, jobs, quiet)
    packs = project.or_asked(ctx, "packs")
    if "packs" in project.values:
        packs = _packs(ctx, ctx.command.params[0], packs)
    options = Options(
        schedule=project.or_asked(ctx, "schedule"),
        order=project.or_asked(ctx, "order"),
        flatten=project.or_asked(ctx, "flatten"),
        select=project.or_asked(ctx, "select"),
        ignore=project.or_asked(ctx, "ignore"),
        to=to,
        trust=trust,
        packs=packs,
        style=project.or_asked(ctx, "style"),
    )
    results = _convert(request, options, project)
    report(request, results, write_results(request, results), to)
    _warn_of_bases(results)
    sys.exit(exit_code(request, results))


def _convert(request: Request, options: Options, project: ProjectSettings) -> list[FileResult]:
    if request.one_file and request.out is not None and request.out.suffix not in SUFFIXES and not options.flatten:
        return with_bases(request.paths[0], options)
    paths: dict[Path, None] = {}
    found: set[Path] = set()
    for path in request.paths:
        inside = [item for item in find_configs(path) if not project.excludes(item)] if path.is_dir() else []
        found.update(inside)
        paths.update(dict.fromkeys(inside if path.is_dir() else [path]))
    gc.set_threshold(200_000)  # trees and texts are kept to the end: looking for garbage among them costs a fifth
    results = convert_files(list(paths), options, request.jobs, found)
    return list(track(results, len(paths), "converting"))


def _warn_of_bases(results: list[FileResult]) -> None:
    """A converted file on bases that are not converted would mix the generations."""
    named = {result.path for result in results}
    others = {base for result in results for base in result.bases if base not in named}
    done = {path.resolve() for path in named} if others else set()
    missing = sorted(str(base) for base in others if base.resolve() not in done)
    if missing:
        click.echo(f"note: convert their bases too, they are not part of this run: {', '.join(missing)}", err=True)
