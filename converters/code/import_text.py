"""How import statements are written: wrapped like the file's own, one line where it fits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmmigrate.converters.code.source import CodeSource

Name = tuple[str, str | None]  # imported name, local name where it differs
_HANGING = re.compile(rb"^[ \t]*from [\w.]+ import \($", re.MULTILINE)
_GRID = re.compile(rb"^[ \t]*from [\w.]+ import \(\w", re.MULTILINE)
_BACKSLASH = re.compile(rb"^[ \t]*from [\w.]+ import [^(\n]*\\$", re.MULTILINE)


@dataclass(frozen=True)
class ImportStyle:
    """``hanging`` puts each name on a line of its own; otherwise names fill lines below the first."""

    width: int = 79
    hanging: bool = False


def style_of(source: CodeSource) -> ImportStyle:
    """The style that the file's own imports show."""
    lines = source.utf8.splitlines()
    longest = max(
        (len(line) for line in lines if line.lstrip().startswith((b"from ", b"import ")) and b"#" not in line),
        default=0,
    )
    width = 79 if longest <= 79 else 88 if longest <= 88 else 120
    hanging = bool(_HANGING.search(source.utf8)) and not _GRID.search(source.utf8)
    return ImportStyle(width if hanging or longest > 79 else 79, hanging)


def sort_key(name: str) -> tuple[int, str]:
    """isort's order of names: CONSTANTS, Classes, functions."""
    bare = name.lstrip("_")
    kind = 0 if len(bare) > 1 and bare.isupper() else 1 if bare[:1].isupper() else 2
    return kind, name.lower() if kind else name


def from_import(module: str, names: list[Name], style: ImportStyle, indent: str = "") -> str:
    """``from module import a, b as c`` without line end, further lines indented for ``indent``."""
    ordered = sorted(dict.fromkeys(names), key=lambda item: (sort_key(item[0]), item[1] or ""))
    parts = [name if local in (None, name) else f"{name} as {local}" for name, local in ordered]
    line = f"from {module} import {', '.join(parts)}"
    if len(indent + line) <= style.width:
        return line
    if style.hanging:
        return f"from {module} import (\n" + "".join(f"{indent}    {part},\n" for part in parts) + f"{indent})"
    return _grid(f"from {module} import (", parts, style.width, indent)


def from_imports(module: str, names: list[Name], style: ImportStyle, indent: str = "") -> list[str]:
    """Statements for new names: one for each that gets another local name, and one for the others."""
    renamed = sorted({(name, local) for name, local in names if local not in (None, name)}, key=str)
    plain: list[Name] = [(name, None) for name, local in names if local in (None, name)]
    lines = [from_import(module, [pair], style, indent) for pair in renamed]
    return [*lines, *([from_import(module, plain, style, indent)] if plain else [])]


def _grid(head: str, parts: list[str], width: int, indent: str) -> str:
    pad = " " * len(head)
    if len(indent) + len(head) + max(map(len, parts)) + 1 > width:
        head, pad = head + "\n" + indent + "    ", "    "
    text, at = head, len(indent) + len(head.rpartition("\n")[2])
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        item = part + (")" if last else ",")
        lead = "" if index == 0 else " "
        if index and at + len(lead) + len(item) > width:
            text += f"\n{indent}{pad}{item}"
            at = len(indent) + len(pad) + len(item)
        else:
            text += lead + item
            at += len(lead) + len(item)
    return text
