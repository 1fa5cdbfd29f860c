"""The config files of a proof before and after, with what the conversion said about each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmigrate.compat.report.sides import Line, side_by_side


@dataclass(frozen=True, slots=True)
class FilePair:
    name: str
    lines: list[Line]
    findings: list[Any] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return any(line.kind == "changed" for line in self.lines)


def converted_files(results: list[Any]) -> list[FilePair]:
    """From the results of the conversion, the experiment's own file first, then its bases."""
    paths = [Path(result.path).resolve() for result in results]
    root = _common_folder(paths)
    pairs = [
        FilePair(str(path.relative_to(root)), list(side_by_side(result.old, result.text or "")), list(result.findings))
        for path, result in zip(paths, results)
    ]
    return pairs[::-1]


def given_files(old: Path, new: Path) -> list[FilePair]:
    """Two configs that were both given: their own text, bases left out."""
    return [FilePair(f"{old.name} → {new.name}", list(side_by_side(old.read_text(), new.read_text())))]


def _common_folder(paths: list[Path]) -> Path:
    folder = paths[0].parent
    while not all(path.is_relative_to(folder) for path in paths):
        folder = folder.parent
    return folder
