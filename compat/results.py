"""What became of a file, and writing it: shared by the pipelines of configs and of code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.findings import Finding


@dataclass(frozen=True)
class FileResult:
    """What became of one file. ``text`` is the new text, None where there is none."""

    path: Path
    status: str  # converted | unchanged | skipped | failed
    old: str = ""
    text: str | None = None
    data: bytes = b""  # ``text`` in the file's own encoding and line ends
    findings: list[Finding] = field(default_factory=list)
    bases: list[Path] = field(default_factory=list)


def common_root(paths: list[Path]) -> Path:
    """The deepest folder that holds all of the files."""
    plain = {path.parent for path in paths if not path.is_symlink()}
    folders = [folder.resolve() for folder in plain]
    folders += [path.resolve().parent for path in paths if path.is_symlink()]
    root = folders[0]
    while not all(folder.is_relative_to(root) for folder in folders):
        root = root.parent
    return root


def write_file(path: Path, data: bytes) -> None:
    """Write a file beside itself and rename it: a killed run leaves the old or the new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, "wb") as file:
        file.write(data)
