"""Comments that mark where a person must decide: ``# mmmigrate: CODE what``, put once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmmigrate.converters.code.module import Module

_MARKER = re.compile(r"^\s*# mmmigrate: ([A-Z]{3}\d{3})\b")
_WIDTH = 79


def add_markers(module: Module) -> None:
    """Comments above the statements of the notes that ask for one, unless one with that code stands there."""
    asked: dict[int, list[str]] = {}
    for note in module.notes:
        if not note.marker or note.node is None:
            continue
        start = module.source.span(module.statement(note.node))[0]
        line = module.source.place(start)[0]
        if note.code not in _above(module, line):
            asked.setdefault(line, [])
            text = f"# mmmigrate: {note.code} {note.message}"
            if text not in asked[line]:
                asked[line].append(text)
    for line, texts in asked.items():
        start = module.source.starts[line - 1]
        code = module.source.utf8[start:]
        indent = code[: len(code) - len(code.lstrip(b" \t\f"))].decode()
        module.edits.insert(start, module.lines("".join(f"{indent}{text}\n" for text in texts)))


def _above(module: Module, line: int) -> set[str]:
    """The codes of the markers directly above a line."""
    codes = set()
    source = module.source
    while line > 1:
        text = source.utf8[source.starts[line - 2] : source.starts[line - 1]].decode()
        if not text.strip().startswith("#"):
            break
        match = _MARKER.match(text)
        if match:
            codes.add(match.group(1))
        line -= 1
    return codes
