"""What commands print: results on stdout, findings and summaries on stderr, machine formats to files."""

from __future__ import annotations

import difflib
import io
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.findings import Effect, Finding
from mmmigrate.compat.results import FileResult

_COLOURS = {Effect.EXACT: "green", Effect.MEASURED: "yellow", Effect.MANUAL: "magenta", Effect.ERROR: "red"}
STATUSES = ("converted", "unchanged", "skipped", "failed")


def show_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        place = f"{finding.path}:{finding.line}:{finding.column}" if finding.line else finding.path
        effect = click.style(finding.effect.value, fg=_COLOURS[finding.effect])
        click.echo(f"{place}: {click.style(finding.code, bold=True)} {effect}: {finding.message}", err=True)


def show_diff(result: FileResult, name: str) -> None:
    old, new = (
        list(io.StringIO(text, newline="")) for text in (result.old, result.text or "")
    )  # a form feed ends none
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        click.echo(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n", nl=False)


def counts(results: list[FileResult]) -> dict[str, int]:
    found = Counter(result.status for result in results)
    return {status: found[status] for status in STATUSES}


def summary_line(results: list[FileResult]) -> str:
    number = counts(results)
    effects = Counter(finding.effect.value for result in results for finding in result.findings)
    said = ", ".join(f"{effects[effect.value]} {effect.value}" for effect in Effect if effects[effect.value])
    files = ", ".join(f"{number[status]} {status}" for status in STATUSES if number[status] or status != "skipped")
    return f"{len(results)} files: {files}" + (f"; findings: {said}" if said else "")


def write_json(target: str, results: list[FileResult], outputs: dict[Path, Path], to: str) -> None:
    """The machine-readable result of ``cli.md``; ``-`` is stdout."""
    document = {
        "version": 1,
        "to": to,
        "files": [
            {
                "path": str(result.path),
                "output": str(outputs[result.path]) if result.path in outputs else None,
                "status": result.status,
                "findings": [finding.as_json() for finding in result.findings],
            }
            for result in results
        ],
        "summary": counts(results),
    }
    write_document(target, document)


def write_document(target: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if target == "-":
        sys.stdout.write(text + "\n")
        return
    with atomic_write(Path(target), "w") as file:
        file.write(text + "\n")
