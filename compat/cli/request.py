"""What ``config`` and ``code`` have in common: where results go, what is said of them, the exit code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from mmmigrate.compat.cli.output import counts, show_diff, show_findings, summary_line, write_document, write_json
from mmmigrate.compat.findings import NOT_WRITTEN, Effect, Finding
from mmmigrate.compat.results import FileResult, common_root, write_file


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

    def __post_init__(self) -> None:
        if self.out is not None and self.write:
            raise click.UsageError("-o writes elsewhere, -w in place: give one of them")

    @property
    def one_file(self) -> bool:
        return len(self.paths) == 1 and self.paths[0].is_file()


def codes(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for item in value for code in item.upper().replace(",", " ").split())


def write_results(request: Request, results: list[FileResult]) -> dict[Path, Path]:
    """Write what is to be written; gives the output of each file that has one."""
    if request.check or request.diff:
        return {}
    outputs: dict[Path, Path] = {}
    root = common_root([result.path for result in results]) if request.out and results else Path()
    try:
        for index, result in enumerate(results):
            target = _target(request, result, root)
            if target is None:
                continue
            try:
                if request.out is not None or result.status == "converted":
                    write_file(target, result.data)
                outputs[result.path] = target
            except OSError as error:
                results[index] = _not_written(result, target, error)
    except KeyboardInterrupt:
        written = [path for path in outputs.values() if request.out is not None or _is_converted(results, path)]
        names = "".join(f"\n  {path}" for path in written)
        click.echo(f"interrupted: {len(written)} files are written, all others are as they were{names}", err=True)
        raise
    return outputs


def _target(request: Request, result: FileResult, root: Path) -> Path | None:
    if result.status == "failed" or not (request.write or request.out is not None):
        return None
    return result.path if request.out is None else _output_path(request, request.out, result.path, root)


def _is_converted(results: list[FileResult], path: Path) -> bool:
    return any(result.path == path and result.status == "converted" for result in results)


def _not_written(result: FileResult, target: Path, error: OSError) -> FileResult:
    """A file that cannot be written is reported as what it is; the others are still written."""
    message = f"cannot be written: {error.strerror or error}: {target} is as it was"
    finding = Finding(str(result.path), 0, 0, NOT_WRITTEN, Effect.ERROR, message)
    return replace(result, status="failed", findings=[*result.findings, finding])


def _output_path(request: Request, out: Path, path: Path, root: Path) -> Path:
    """Below ``out``: where the file lies in the folder that was asked for, else in the root of all files."""
    if request.one_file and out.suffix and out.suffix == request.paths[0].suffix:
        return out
    for folder in request.paths:
        if folder.is_dir() and path.is_relative_to(folder):
            return out / path.relative_to(folder)
    return out / path.resolve().relative_to(root)


def report(request: Request, results: list[FileResult], outputs: dict[Path, Path], to: str) -> None:
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
    if request.json:
        write_json(request.json, results, outputs, to)
    if request.sarif:
        from mmmigrate.compat.cli.sarif import sarif  # it loads every rule there is

        write_document(request.sarif, sarif(results))
    if not request.one_file:
        click.echo(summary_line(results), err=True)
        if not (outputs or request.check or request.diff):
            click.echo("dry run: nothing was written; -o OUT writes a new tree, -w rewrites in place", err=True)


def exit_code(request: Request, results: list[FileResult]) -> int:
    number = counts(results)
    if number["failed"]:
        return 2
    needs_person = any(finding.effect is Effect.MANUAL for result in results for finding in result.findings)
    if (request.check and number["converted"]) or (request.strict and needs_person):
        return 1
    return 0
