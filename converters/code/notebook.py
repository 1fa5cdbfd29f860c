"""Jupyter notebooks: the code cells are converted as one module, every other byte of the file stays.

Lines for IPython (``%matplotlib inline``, ``!pip install …``, ``name = !ls``, ``object?``) and cells in another
language (``%%bash``) are left alone.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmmigrate.compat.findings import ConversionError, Finding
from mmmigrate.converters.code.json_places import Placed, PlacedDocument
from mmmigrate.converters.code.source import CodeSource, read_code

if TYPE_CHECKING:
    from mmmigrate.converters.code.convert import CodeConverter, ConvertedCode

_CELL = "# mmmigrate notebook cell"
_HIDDEN = "_mmmigrate_ipython_line_"
_MAGIC = re.compile(r"^(?P<head>\s*(?:[\w, ]+=\s*)?)(?P<magic>[%!?].*|[\w.]+\?{1,2}\s*)$")
_TIMING = re.compile(r"^%%(time|timeit|capture|prun)\b")


@dataclass
class _Cell:
    """A code cell: its ``source`` in the document, and its text with the lines for IPython hidden."""

    number: int  # 1-based, as the notebook counts all cells
    source: Placed
    text: str
    masked: str


def convert_notebook(path: Path, converter: CodeConverter) -> ConvertedCode:
    """Raises ConversionError where the file is no notebook or a cell is not Python."""
    raw = read_code(path)
    document = _document(raw)
    hidden: list[str] = []
    cells = _code_cells(document, hidden)
    module = CodeSource(path, "".join(f"{_CELL} {cell.number}\n{cell.masked}\n" for cell in cells).encode())
    places = _Places(raw, cells, module)
    try:
        converted = converter.convert_source(module, converter.project.add(path))
    except ConversionError as error:
        raise ConversionError(places.move(error.finding)) from error
    findings = [places.move(finding) for finding in converted.findings]
    text = document.text
    if converted.changed:
        text = _with_cells(document, cells, converted.utf8.decode(), hidden)
    return replace(converted, source=raw, utf8=text.encode(), findings=findings)


def _document(raw: CodeSource) -> PlacedDocument:
    try:
        document = PlacedDocument(raw.text)
    except json.JSONDecodeError as error:
        raw.fail("COD002", f"is not a notebook: {error.msg}", error.lineno, error.colno)
    if document.root.get("cells") is None:
        raw.fail("COD002", "is not a notebook of version 4: it has no cells")
    return document


def _code_cells(document: PlacedDocument, hidden: list[str]) -> list[_Cell]:
    found = []
    cells = document.root.get("cells")
    for number, cell in enumerate(cells.items() if cells else [], 1):
        kind, source = cell.get("cell_type"), cell.get("source")
        if kind is None or source is None or kind.value != "code":
            continue
        text = source.value if isinstance(source.value, str) else "".join(item.value for item in source.items())
        if text.lstrip().startswith("%%") and not _TIMING.match(text.lstrip()):
            continue
        found.append(_Cell(number, source, text, _masked(text, hidden)))
    return found


def _masked(text: str, hidden: list[str]) -> str:
    """The text with a name in the place of each line for IPython, if it is not Python as it stands."""
    try:
        ast.parse(text)
        return text
    except (SyntaxError, ValueError):
        pass
    lines = []
    for line in text.split("\n"):
        match = _MAGIC.match(line)
        if match:
            hidden.append(match["magic"])
            line = f"{match['head']}{_HIDDEN}{len(hidden) - 1}_"
        lines.append(line)
    return "\n".join(lines)


def _with_cells(document: PlacedDocument, cells: list[_Cell], new: str, hidden: list[str]) -> str:
    parts = re.split(rf"^{_CELL} \d+\n", new, flags=re.MULTILINE)
    first = parts[0]  # what went above the first cell belongs into it
    texts = [first + parts[1], *parts[2:]] if len(parts) > 1 else []
    result, at = [], 0
    for cell, text in zip(cells, texts):
        shown = re.sub(rf"{_HIDDEN}(\d+)_", lambda match: hidden[int(match[1])], text.removesuffix("\n"))
        if shown != cell.text:
            result += [document.text[at : cell.source.start], _source(document.text, cell.source, shown)]
            at = cell.source.end
    return "".join([*result, document.text[at:]])


def _source(text: str, old: Placed, new: str) -> str:
    """The JSON of a cell's source, laid out as it was; lines that stay keep their spelling."""
    ascii_only = text.isascii()
    if isinstance(old.value, str):
        return json.dumps(new, ensure_ascii=ascii_only)
    items = old.items()
    spelling = {item.value: text[item.start : item.end] for item in items}
    lines = [spelling.get(line) or json.dumps(line, ensure_ascii=ascii_only) for line in new.splitlines(keepends=True)]
    opening, closing = text[old.start : items[0].start], text[items[-1].end : old.end]
    between = text[items[0].end : items[1].start] if len(items) > 1 else f",{opening[1:]}"
    return opening + between.join(lines) + closing


class _Places:
    """Turns lines of the joined module into lines of the notebook file."""

    def __init__(self, raw: CodeSource, cells: list[_Cell], module: CodeSource) -> None:
        self.raw = raw
        self.starts: list[tuple[int, _Cell]] = []  # the line of the module that a cell begins at, and the cell
        line = 1
        for cell in cells:
            self.starts.append((line + 1, cell))
            line += 2 + cell.masked.count("\n")

    def move(self, finding: Finding) -> Finding:
        """The same finding at the place in the file; its message names cell and line."""
        for start, cell in reversed(self.starts):
            if finding.line >= start:
                row = finding.line - start
                items = cell.source.items()
                at = items[min(row, len(items) - 1)].start if items else cell.source.start
                line = self.raw.text.count("\n", 0, at) + 1
                message = f"cell {cell.number}, line {row + 1}: {finding.message}"
                return replace(finding, line=line, column=finding.column, message=message)
        return finding
