"""docs/packs.md: the measured agreement as tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from packs.agreement import CODEBASES, Agreement

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "docs" / "packs.md"
OURS = "ours, or not looked into"


@cache
def classes() -> list[dict[str, Any]]:
    return list(yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8")))


@cache
def kind_of(place: str, ours: str, theirs: str) -> tuple[str, str]:
    """(equivalent | deliberate | ours to mend, why)."""
    for entry in classes():
        if (
            re.search(entry["place"], place)
            and re.search(entry.get("ours", ""), ours)
            and re.search(entry.get("theirs", ""), theirs)
        ):
            return entry["kind"], entry["why"]
    return OURS, "no reason is known"


def write(measured: Mapping[str, Agreement]) -> None:
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(_lines(measured)) + "\n", encoding="utf-8")


def _lines(measured: Mapping[str, Agreement]) -> list[str]:
    lines = [
        "# Converted configs beside those made by hand",
        "",
        "Each experiment that both generations of a codebase published is converted with its pack and compared with",
        "the config that its authors made of it by hand: every leaf of the model, the dataloaders with their datasets",
        "and pipelines, the evaluators and the preprocessor, as real mmengine merges the two. Made by `make packs`.",
        "",
        "Kinds of differences are told by the patterns of `tests/packs/differences.yaml`; what fits none is ours to",
        "mend or was not looked into. Beyond mmdet, mmcls and mmseg, files that were renamed are paired by the",
        "likeness of their names, so that a pair may be of two experiments.",
        "",
        "| codebase | experiments | agreement: median | worst decile | differences: equal | deliberate | other |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, result in measured.items():
        kinds: Counter[str] = Counter()
        for difference, count in result.differences.items():
            kinds[kind_of(*difference)[0]] += count
        total = sum(kinds.values()) or 1
        shares = " | ".join(f"{kinds[kind] / total:.1%}" for kind in ("equivalent", "deliberate", OURS))
        figures = f"{len(result.scores)} | {result.median:.1%} | {result.worst_decile:.1%}"
        lines.append(f"| {' → '.join(dict.fromkeys(CODEBASES[name]))} | {figures} | {shares} |")
    for name, result in measured.items():
        lines += [
            "",
            f"## {name}: what differs most",
            "",
            "| times | place | ours | theirs | what it is |",
            "|---|---|---|---|---|",
        ]
        for (place, ours, theirs), count in result.differences.most_common(40):
            kind, why = kind_of(place, ours, theirs)
            cells = (str(count), f"`{place}`", _cell(ours), _cell(theirs), f"{kind}: {why}")
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _cell(text: str) -> str:
    return "none" if text == "-" else f"`{text[:40].replace('|', chr(92) + '|')}`"
