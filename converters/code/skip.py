"""``# mmmigrate: skip``: on a line of code it leaves that statement alone, above all code the whole file."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from mmmigrate.converters.code.source import CodeSource

_SKIP = re.compile(r"#\s*mmmigrate:\s*skip\b")
_BYTES = re.compile(_SKIP.pattern.encode())


def skips_file(source: CodeSource) -> bool:
    """Whether a comment above the first statement says so; a docstring may stand before it."""
    if not _BYTES.search(source.utf8):
        return False
    for token in _tokens(source):
        if token.type == tokenize.COMMENT and _SKIP.match(token.string):
            return True
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.STRING):
            return False
    return False


def skipped_lines(source: CodeSource, tree: ast.Module) -> list[tuple[int, int]]:
    """First and last lines of the statements that are to be left alone.

    A comment on the first line of a class or function means all of it; on a line of its own it means the
    statement below.
    """
    if not _BYTES.search(source.utf8):
        return []
    lines = set()
    for token in _tokens(source):
        if token.type == tokenize.COMMENT and _SKIP.match(token.string):
            own = not token.line[: token.start[1]].strip()
            lines.add(token.start[0] + own)
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and lines:
            last = node.end_lineno or node.lineno
            body = getattr(node, "body", None)
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(item.lineno for item in decorators)])
            head = max(body[0].lineno - 1, node.lineno) if body else last
            if any(first <= line <= head for line in lines):
                spans.append((first, last))
    return spans


def _tokens(source: CodeSource) -> list[tokenize.TokenInfo]:
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            found.append(token)
    except (tokenize.TokenError, SyntaxError):
        pass  # what is wrong with the text is said where it is parsed
    return found
