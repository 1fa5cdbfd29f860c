"""A verdict as SARIF 2.1.0, which code-hosting services show beside the config."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from mmmigrate.compat.proof.printable import printable
from mmmigrate.compat.trace.verdict import DIVERGENT, NOT_COMPARED, Comparison

_RULES = {DIVERGENT: "training-diverges", NOT_COMPARED: "training-not-compared"}
_TITLES = {
    DIVERGENT: "The converted config does not train the same",
    NOT_COMPARED: "Whether the converted config trains the same could not be found out",
}


def verdict_sarif(comparison: Comparison, config: str) -> dict[str, Any]:
    """One run; it has a result, at the first line of `config`, unless training is equal."""
    rule = _RULES.get(comparison.verdict)
    place = {"artifactLocation": {"uri": quote(config.replace("\\", "/"), safe="/:")}, "region": {"startLine": 1}}
    result = {
        "ruleId": rule,
        "level": "error" if comparison.verdict == DIVERGENT else "warning",
        "message": {"text": printable(str(comparison))},
        "locations": [{"physicalLocation": place}],
    }
    described = {"id": rule, "shortDescription": {"text": _TITLES.get(comparison.verdict, "")}}
    driver = {"name": "mmmigrate verify", "version": version("mmmigrate"), "rules": [described] if rule else []}
    runs = [{"tool": {"driver": driver}, "results": [result] if rule else []}]
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": runs}
