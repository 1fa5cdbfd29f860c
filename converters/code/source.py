"""The bytes of a Python file: encoding, line ends and places. Splices count bytes of ``utf8``, as ``ast`` does."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from mmmigrate.compat.findings import ConversionError, Effect, Finding

_BOM = b"\xef\xbb\xbf"
_COMMENT = re.compile(rb"#[^\r\n]*")
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(eq=False)
class CodeSource:
    """One file. ``utf8`` is its text in UTF-8 without a byte-order mark, line ends as they are.

    ``ast`` counts lines at \\n, \\r\\n and \\r, and columns in UTF-8 bytes: so does everything here. A form feed or
    another separator that `str.splitlines` knows ends no line.
    """

    path: Path
    utf8: bytes
    encoding: str = "utf-8"
    bom: bool = False

    @cached_property
    def text(self) -> str:
        return self.utf8.decode("utf-8", "surrogatepass")

    @cached_property
    def newline(self) -> str:
        """The line end of the file's first line."""
        match = _LINE_END.search(self.utf8)
        return match.group().decode() if match else "\n"

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.utf8))]

    def parse(self) -> ast.Module:
        """Raises ConversionError (COD001) where the text is not Python."""
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            message = f"not valid Python: {error.msg}; mend the line, or leave the file out"
            self.fail("COD001", message, error.lineno or 0, error.offset or 0)
        except (ValueError, MemoryError, RecursionError) as error:
            self.fail("COD001", f"cannot be parsed: {error or type(error).__name__}")

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Start and end offset of an expression or statement, decorators of a definition included."""
        first = node
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            first = decorators[0]
            start = self.utf8.rindex(b"@", 0, self.starts[first.lineno - 1] + first.col_offset)
        else:
            start = self.starts[first.lineno - 1] + first.col_offset  # type: ignore[attr-defined]
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def segment(self, node: ast.AST) -> str:
        """The text of an expression or statement as it stands in the file."""
        start, end = self.span(node)
        return self.utf8[start:end].decode()

    def place(self, offset: int) -> tuple[int, int]:
        """1-based line and 1-based column in characters of a byte offset."""
        line = bisect_right(self.starts, offset)
        return line, len(self.utf8[self.starts[line - 1] : offset].decode("utf-8", "replace")) + 1

    def indent_at(self, offset: int) -> str:
        """The white space at the start of the line that holds an offset."""
        start = self.starts[bisect_right(self.starts, offset) - 1]
        line = self.utf8[start:offset]
        return line[: len(line) - len(line.lstrip(b" \t\f"))].decode()

    def comments_in(self, statement: ast.stmt) -> list[str]:
        """The comments inside an import statement, which holds no strings."""
        return [match.group().decode().rstrip() for match in _COMMENT.finditer(self.utf8, *self.span(statement))]

    def _rest_of_line(self, offset: int) -> bytes:
        line = bisect_right(self.starts, offset)
        end = self.starts[line] if line < len(self.starts) else len(self.utf8)
        return self.utf8[offset:end].strip()

    def trailing_comment(self, statement: ast.stmt) -> str:
        """The comment behind a statement on its last line, or nothing."""
        rest = self._rest_of_line(self.span(statement)[1])
        return rest.decode() if rest.startswith(b"#") else ""

    def stands_alone(self, statement: ast.stmt) -> bool:
        """Whether no other statement shares its lines."""
        start, end = self.span(statement)
        before = self.utf8[self.starts[bisect_right(self.starts, start) - 1] : start]
        return not before.strip() and self._rest_of_line(end)[:1] in (b"", b"#")

    def first_code_line(self) -> int:
        """The offset of the first line that is neither a comment nor empty."""
        for start in self.starts:
            line = self._rest_of_line(start)
            if line and not line.startswith(b"#"):
                return start
        return len(self.utf8)

    def encode(self, utf8: bytes) -> bytes:
        """New text in the file's own encoding."""
        data = utf8 if self.encoding == "utf-8" else utf8.decode().encode(self.encoding)
        return _BOM + data if self.bom else data

    def fail(self, code: str, message: str, line: int = 0, column: int = 0) -> NoReturn:
        raise ConversionError(Finding(str(self.path), line, column, code, Effect.ERROR, message))


def decode_source(path: Path, data: bytes) -> CodeSource:
    """The file's text by its byte-order mark or PEP 263 line. Raises ConversionError (COD002)."""
    bom = data.startswith(_BOM)
    body = data[3:] if bom else data
    head = data[:512]
    if b"coding" not in head:
        try:
            body.decode()
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            _refuse(path, f"is not UTF-8 and declares no other encoding: {error.reason}", line)
        return CodeSource(path, body, "utf-8", bom)
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(_LINE_END.sub(b"\n", data)).readline)[0]
        text = body.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        _refuse(path, f"is not text in its declared encoding: {error}", 1)
    if encoding in ("utf-8", "utf-8-sig"):
        return CodeSource(path, body, "utf-8", bom)
    return CodeSource(path, text.encode(), encoding, bom)


def read_code(path: Path) -> CodeSource:
    """The file's text. Raises ConversionError (COD002) when it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror or error}", 0)
    return decode_source(path, data)


def _refuse(path: Path, message: str, line: int) -> NoReturn:
    raise ConversionError(Finding(str(path), line, 1 if line else 0, "COD002", Effect.ERROR, message))
