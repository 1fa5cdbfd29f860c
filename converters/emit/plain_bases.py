"""Bases as mmengine finds them: it evaluates the first ``_base_ = …`` alone, before anything else of the file.

It also takes a file for a pure-Python config, in which every import stands for code, if an import comes before that
line; which modules count as Python's own depends on how Python was installed (`os` is none of them from 3.11 on).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mmmigrate.converters.read.bases import base_writers
from mmmigrate.converters.read.callables import FUNCTIONS
from mmmigrate.converters.read.names import names_of
from mmmigrate.converters.read.source import Source

NO_BASES = "_base_ = []  # or mmengine may take this for a pure-Python config, because of the imports"
# `_base_` as a name, not as a folder in a path nor read in `{{_base_.x}}`; and set to nothing but strings
_NAMED = re.compile(r"(?<![\w./'\"{])_base_(?![\w/])")
_PLAINLY = re.compile(
    r"""^_base_ *= *(?:\[(?:\s*(?:'[^'\\\n]*'|"[^"\\\n]*"),?)*\s*\]|'[^'\\\n]*'|"[^"\\\n]*")[ \t]*$""", re.M
)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)


def inside_a_block(body: list[ast.stmt]) -> bool:
    """Whether ``_base_`` is set inside an `if` or a loop, where mmengine does not look."""
    return any(not isinstance(node, (*_SIMPLE, ast.With)) and "_base_" in names_of(node)[0] for node in body)


def with_plain_bases(text: str, paths: list[str]) -> str:
    """The text with one literal ``_base_`` before everything else, if mmengine would not read it as it stands."""
    if "import" not in text and (len(_NAMED.findall(text)) == len(_PLAINLY.findall(text)) <= 1):
        return text  # as almost every config is: nothing needs to be parsed
    source = Source(Path("_"), text)
    body = source.tree.body
    writers = [body[index] for index in base_writers(source)]
    first_import = next((i for i, node in enumerate(body) if _imports(node)), len(body))
    if not writers and first_import == len(body):
        return text
    if len(writers) == 1 and _is_plain(writers[0]) and body.index(writers[0]) < first_import:
        return text
    lines = source.lines
    top = body[0].lineno - 1
    if not writers:
        return "\n".join([*lines[:top], NO_BASES, *lines[top:]])
    gone = {number for node in writers for number in range(node.lineno - 1, node.end_lineno or node.lineno)}
    if any(node not in writers and node.lineno - 1 in gone for node in body):
        return text  # a line of several statements
    kept = [comment.text for comment in source.comments if comment.line - 1 in gone]
    rest = [line for number, line in enumerate(lines[top:], top) if number not in gone]
    return "\n".join([*lines[:top], *kept, *_written(paths), *rest])


def _is_plain(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or len(node.targets) > 1 or not isinstance(node.targets[0], ast.Name):
        return False
    return names_of(ast.Expr(node.value))[1] <= FUNCTIONS.keys()


def _imports(node: ast.stmt) -> bool:
    return any(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in ast.walk(node))


def _written(paths: list[str]) -> list[str]:
    if len(paths) == 1:
        return [f"_base_ = {paths[0]!r}"]
    return ["_base_ = [", *(f"    {path!r}," for path in paths), "]"]
