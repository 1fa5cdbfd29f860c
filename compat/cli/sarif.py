"""Findings as SARIF 2.1.0, which code-hosting services show beside the lines."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from mmmigrate.compat.cli.catalogue import titles
from mmmigrate.compat.findings import Effect
from mmmigrate.compat.results import FileResult

_LEVELS = {Effect.EXACT: "note", Effect.MEASURED: "note", Effect.MANUAL: "warning", Effect.ERROR: "error"}


def sarif(results: list[FileResult]) -> dict[str, Any]:
    """One run with every finding of every file."""
    known = titles()
    findings = [finding for result in results for finding in result.findings]
    rules = [
        {"id": code, "shortDescription": {"text": known.get(code, code)}}
        for code in sorted({finding.code for finding in findings})
    ]
    entries = [
        {
            "ruleId": finding.code,
            "level": _LEVELS[finding.effect],
            "message": {"text": finding.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": finding.path.replace("\\", "/")},
                        "region": {"startLine": max(finding.line, 1), "startColumn": max(finding.column, 1)},
                    }
                }
            ],
        }
        for finding in findings
    ]
    driver = {"name": "mmmigrate", "version": version("mmmigrate"), "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": entries}],
    }
