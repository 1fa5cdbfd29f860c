"""``mmmigrate config PATH…``"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.cli.output import counts, show_diff, show_findings, summary_line, write_document, write_json
from mmmigrate.compat.cli.sarif import sarif
from mmmigrate.compat.findings import Effect
from mmmigrate.compat.pipeline import FileResult, common_root, convert_files, find_configs, with_bases, write_file
from mmmigrate.converters.packs.change import PackError
from mmmigrate.converters.packs.choose import named_packs
from mmmigrate.converters.rules.experiment import Options


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    paths: tuple[Path, ...]
    out: Path | None
    write: bool
    diff: bool
    check: bool
    strict: bool
    json: str | None
    sarif: str | None
    jobs: int
    quiet: bool

    @property
    def one_file(self) -> bool:
        return len(self.paths) == 1 and self.paths[0].is_file()


def _packs(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        named_packs(value)
    except PackError as error:
        raise click.BadParameter(str(error)) from error
    return value


def _codes(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for item in value for code in item.upper().replace(",", " ").split())


@click.command(short_help="Convert config files or folders.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--to", "to", type=click.Choice(["v3"]), default="v3", show_default=True, help="Generation to convert to."
)
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), help="Write here: a file, or a folder.")
@click.option("-w", "--write", is_flag=True, help="Rewrite in place.")
@click.option("--diff", is_flag=True, help="Print a unified diff.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--strict", is_flag=True, help="Exit 1 if a finding needs a person.")
@click.option("--select", multiple=True, callback=_codes, help="Only these rule codes or prefixes.")
@click.option("--ignore", multiple=True, callback=_codes, help="Not these rule codes or prefixes.")
@click.option("--schedule", type=click.Choice(["auto", "stock", "exact"]), default="auto", show_default=True,
              help="Stock schedulers, the bit-equal closed form, or that only where stock is not equal.")  # fmt: skip
@click.option("--pack", "packs", multiple=True, callback=_packs, default=["auto"], show_default=True,
              metavar="NAME|FILE", help="Tables of a codebase's classes: auto, none, a name, a YAML file.")  # fmt: skip
@click.option("--order", type=click.Choice(["v3", "v2"]), default="v3", show_default=True,
              help="mmengine's samplers, or ones that draw the order of a single v2 process.")  # fmt: skip
@click.option("--flatten", is_flag=True, help="Self-contained files, without _base_.")
@click.option("--json", "json_target", metavar="FILE", help="Write results as JSON; - is stdout.")
@click.option("--sarif", "sarif_target", metavar="FILE", help="Write findings as SARIF; - is stdout.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print findings.")
def command(to: str, select: tuple[str, ...], ignore: tuple[str, ...], schedule: str, packs: tuple[str, ...],
            order: str, flatten: bool, json_target: str | None, sarif_target: str | None,
            **asked: Any) -> None:  # fmt: skip
    """Convert mmcv 1.x configs to mmengine.

    One file and neither -o nor -w: the new text on stdout. A folder and neither: a dry run.
    The files are never executed.
    """
    request = Request(json=json_target, sarif=sarif_target, **asked)
    if request.out is not None and request.write:
        raise click.UsageError("-o writes elsewhere, -w in place: give one of them")
    options = Options(schedule, order, flatten, select, ignore, packs=packs)
    results = _convert(request, options)
    outputs = {} if request.check or request.diff else _write(request, results)
    _report(request, results, outputs, to)
    sys.exit(_exit_code(request, results))


def _convert(request: Request, options: Options) -> list[FileResult]:
    if request.one_file and request.out is not None and request.out.suffix != ".py" and not options.flatten:
        return with_bases(request.paths[0], options)
    paths: dict[Path, None] = {}
    for path in request.paths:
        paths.update(dict.fromkeys(find_configs(path) if path.is_dir() else [path]))
    return list(convert_files(list(paths), options, request.jobs))


def _write(request: Request, results: list[FileResult]) -> dict[Path, Path]:
    """Write what is to be written; gives the output of each file that has one."""
    outputs: dict[Path, Path] = {}
    root = common_root([result.path for result in results]) if request.out and results else Path()
    for result in results:
        if result.status == "failed":
            continue
        if request.write:
            outputs[result.path] = result.path
            if result.status == "converted":
                write_file(result.path, result.data)
        elif request.out is not None:
            outputs[result.path] = _output_path(request, request.out, result.path, root)
            write_file(outputs[result.path], result.data)
    return outputs


def _output_path(request: Request, out: Path, path: Path, root: Path) -> Path:
    """Below ``out``: where the file lies in the folder that was asked for, else in the root of all files."""
    if request.one_file and out.suffix == ".py":
        return out
    for folder in request.paths:
        if folder.is_dir() and path.is_relative_to(folder):
            return out / path.relative_to(folder)
    return out / path.resolve().relative_to(root)


def _report(request: Request, results: list[FileResult], outputs: dict[Path, Path], to: str) -> None:
    machine_on_stdout = "-" in (request.json, request.sarif)
    if request.diff:
        for result in results:
            if result.text is not None:
                show_diff(result, result.path.as_posix())
    elif request.one_file and not (request.check or outputs or machine_on_stdout):
        click.echo(results[0].text or "", nl=False)
    if not request.quiet:
        # what is exact is worth a line for one file; of a thousand files only what deviates or needs a person
        quiet = () if request.one_file else (Effect.EXACT,)
        show_findings(finding for result in results for finding in result.findings if finding.effect not in quiet)
    _warn_of_bases(results)
    if request.json:
        write_json(request.json, results, outputs, to)
    if request.sarif:
        write_document(request.sarif, sarif(results))
    if not request.one_file:
        click.echo(summary_line(results), err=True)
        if not (outputs or request.check or request.diff):
            click.echo("dry run: nothing was written; -o OUT writes a new tree, -w rewrites in place", err=True)


def _warn_of_bases(results: list[FileResult]) -> None:
    """A converted file on bases that are not converted would mix the generations."""
    done = {result.path.resolve() for result in results}
    missing = sorted({str(base) for result in results for base in result.bases if base.resolve() not in done})
    if missing:
        click.echo(f"note: convert their bases too, they are not part of this run: {', '.join(missing)}", err=True)


def _exit_code(request: Request, results: list[FileResult]) -> int:
    number = counts(results)
    if number["failed"]:
        return 2
    needs_person = any(finding.effect is Effect.MANUAL for result in results for finding in result.findings)
    if (request.check and number["converted"]) or (request.strict and needs_person):
        return 1
    return 0
