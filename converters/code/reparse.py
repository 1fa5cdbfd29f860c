"""Whether changed text is still Python, by parsing only the statements that edits touched."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right

from mmmigrate.converters.code.edit import Edits
from mmmigrate.converters.code.source import CodeSource


def check_edited(source: CodeSource, tree: ast.Module, edits: Edits, new: bytes) -> None:
    """Raises SyntaxError where the new text is not Python.

    Statements of a module that no edit touches parse as before, and each begins a line: a module is Python if each of
    its top-level statements is. So only those that were edited are parsed again, which is most of a large file spared.
    """
    bounds = _bounds(source, tree)
    done = -1
    for edit in edits.edits:
        first = bisect_right(bounds, edit.start) - 1
        last = max(bisect_left(bounds, edit.end), first + 1)
        first = max(first, done)
        if first < last:
            ast.parse(new[_moved(edits, bounds[first]) : _moved(edits, bounds[min(last, len(bounds) - 1)])].decode())
            done = last


def _bounds(source: CodeSource, tree: ast.Module) -> list[int]:
    """Where the lines of the top-level statements begin, with the start and end of the file."""
    found = {0, len(source.utf8)}
    for node in tree.body:
        line = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
        found.add(source.starts[line - 1])
    return sorted(found)


def _moved(edits: Edits, bound: int) -> int:
    """Where a bound is in the new text; what is inserted just there comes behind it."""
    return bound + sum(
        len(edit.text) - (edit.end - edit.start) for edit in edits.edits if edit.end <= bound and edit.start < bound
    )
