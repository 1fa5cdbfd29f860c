"""The text of a file: places, comments and expressions in it."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NoReturn

from mmmigrate.compat.findings import ConversionError, Effect, Finding


@dataclass(frozen=True)
class Comment:
    """A ``# …`` token. ``line`` is 1-based, ``own_line`` says that nothing stands before it."""

    line: int
    column: int
    text: str
    own_line: bool


@dataclass(eq=False)
class Source:
    """One Python file, parsed once; offsets count characters of ``text``."""

    path: Path
    text: str
    encoding: str = "utf-8"
    newline: str = "\n"  # the line end of the file; ``text`` always has \n
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        # Python ends lines at \n only (\r\n is normalised on reading); str.splitlines knows more line ends.
        self.lines = self.text.split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises ConversionError (CFG001) where the text is not Python."""
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            self.fail("CFG001", f"not valid Python: {error.msg}", error.lineno or 0, error.offset or 0)
        except (ValueError, MemoryError, RecursionError) as error:
            self.fail("CFG001", f"cannot be parsed: {error or type(error).__name__}")

    def only(self, *nodes: ast.stmt) -> Source:
        """The same text with just these statements in its tree: places stay true."""
        part = Source(self.path, self.text)
        part.__dict__["tree"] = ast.Module(list(nodes), [])
        return part

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.lines)]

    def offset(self, line: int, utf8_column: int) -> int:
        """The character offset of an ``ast`` place: 1-based line, 0-based column in UTF-8 bytes."""
        text = self.lines[line - 1]
        if text.isascii():
            return self._line_starts[line - 1] + utf8_column
        return self._line_starts[line - 1] + len(text.encode()[:utf8_column].decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Start and end offset of an expression or statement; ``end`` is exclusive."""
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def line_at(self, offset: int) -> int:
        """The 1-based line that holds a character offset."""
        return bisect_right(self._line_starts, offset)

    def encode(self, text: str) -> bytes:
        """New text in the file's own encoding and line ends."""
        return text.replace("\n", self.newline).encode(self.encoding)

    def segment(self, node: ast.AST) -> str:
        """The text of an expression as it stands in the file."""
        start, end = self.span(node)
        return self.text[start:end]

    @cached_property
    def _tokens(self) -> list[tokenize.TokenInfo]:
        try:
            return list(tokenize.generate_tokens(io.StringIO(self.text).readline))
        except (tokenize.TokenError, IndentationError):
            return []  # `tree` reports what is wrong with the text

    @cached_property
    def comments(self) -> list[Comment]:
        """All comments in order."""
        return [
            Comment(
                token.start[0],
                token.start[1],
                token.string,
                not self.lines[token.start[0] - 1][: token.start[1]].strip(),
            )
            for token in self._tokens
            if token.type == tokenize.COMMENT
        ]

    @cached_property
    def lines_inside_strings(self) -> frozenset[int]:
        """1-based lines that begin inside a string literal: their indentation is data."""
        inside: set[int] = set()
        for token in self._tokens:
            if token.start[0] != token.end[0] and token.type not in (tokenize.NEWLINE, tokenize.NL):
                inside.update(range(token.start[0] + 1, token.end[0] + 1))
        return frozenset(inside)

    def finding(self, code: str, effect: Effect, message: str, line: int = 0, column: int = 0) -> Finding:
        return Finding(str(self.path), line, column, code, effect, message)

    def fail(self, code: str, message: str, line: int = 0, column: int = 0) -> NoReturn:
        """Refuse the file: raises ConversionError with the place."""
        raise ConversionError(self.finding(code, Effect.ERROR, message, line, column))

    def fail_at(self, code: str, message: str, node: ast.AST) -> NoReturn:
        """Refuse the file because of one node of it."""
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", -1) + 1
        self.fail(code, message, line, column)


def read_source(path: Path) -> Source:
    """The file's text with line ends normalised. Raises ConversionError (CFG002) when it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        finding = Finding(str(path), 0, 0, "CFG002", Effect.ERROR, f"cannot be read: {error.strerror or error}")
        raise ConversionError(finding) from error
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        finding = Finding(str(path), 0, 0, "CFG002", Effect.ERROR, f"is not text in its declared encoding: {error}")
        raise ConversionError(finding) from error
    newline = "\r\n" if "\r\n" in text else "\n"
    return Source(path, text.replace("\r\n", "\n").replace("\r", "\n"), encoding, newline)
