"""The text of a file: places, comments and expressions in it."""

from __future__ import annotations

import ast
import difflib
import io
import os
import re
import stat
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn

from mmmigrate.compat.findings import ConversionError, Effect, Finding

MAX_BYTES = 2_000_000  # the largest published config has 60,000
_BASE_TEMPLATE = re.compile(r"\{\{\s*_base_\.[\w.]+\s*\}\}")
_BASE_CONFIG = re.compile(r"\b_base_\s*[.\[]|[(,=:]\s*_base_\b(?!\s*=[^=])")
_BASE_LIST = re.compile(r"\b_base_\s*(\+=|\.(append|extend|insert|remove)\b)")
# `{{$NAME:default}}`, mmengine's template of an environment variable; `$` is no Python, so it is parsed as a name.
_ENVIRONMENT = re.compile(r"\{\{['\"]?\s*\$(\w+)\s*:\s*(\S*?)\s*['\"]?\}\}")


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
    mixed: tuple[str, ...] = ()  # each line's own end, where the file has several kinds
    trusted: bool = False  # whether it may be executed where reading does not get on
    lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        # Python ends lines at \n only (\r\n is normalised on reading); str.splitlines knows more line ends.
        self.lines = self.text.split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises ConversionError (CFG001) where the text is not Python."""
        try:
            with warnings.catch_warnings():  # of escapes and the like: the file's business, not this program's
                warnings.simplefilter("ignore")
                return ast.parse(self._parsed[0])
        except SyntaxError as error:
            self.fail("CFG001", f"not valid Python: {error.msg}", error.lineno or 0, error.offset or 0)
        except (ValueError, MemoryError, RecursionError) as error:
            self.fail("CFG001", f"cannot be parsed: {error or type(error).__name__}")

    @cached_property
    def _parsed(self) -> tuple[str, dict[str, tuple[str, str]]]:
        """Text of the same length that Python can parse, and the variable and default of each name made for it."""
        if "{{" not in self.text or "$" not in self.text:
            return self.text, {}
        names: dict[str, tuple[str, str]] = {}

        def name_of(match: re.Match[str]) -> str:
            name = f"_env{len(names)}".ljust(len(match[0]) - 4, "_")
            names[name] = (match[1], match[2])
            return f"{{{{{name}}}}}".ljust(len(match[0]))

        return _ENVIRONMENT.sub(name_of, self.text), names

    def environment_text(self, name: str) -> str:
        """What fills the template that was parsed as this name. Raises KeyError where nothing does."""
        variable, default = self._parsed[1][name]
        value = os.environ.get(variable, default)
        if not value:
            raise KeyError(f"`{variable}` is not set in the environment and the config gives no default for it")
        return value

    def filled(self, base: Mapping[str, Any]) -> str:
        """The text with its templates replaced, as both libraries do before they execute it."""
        path = os.path.abspath(self.path).replace(os.sep, "/")  # noqa: PTH100 - a link keeps its name
        own = file_templates(path)
        text = _ENVIRONMENT.sub(lambda match: os.environ.get(match[1], match[2]), self.text)
        text = re.sub(r"\{\{\s*(file\w+)\s*\}\}", lambda match: own.get(match[1], match[0]), text)
        return re.sub(r"\{\{\s*_base_\.([\w.]+)\s*\}\}", lambda match: repr(_at(base, match[1])), text)

    @property
    def reads_environment(self) -> bool:
        """Whether a ``{{$NAME:default}}`` stands in it, so that its values differ from machine to machine."""
        return bool(self._parsed[1])

    @cached_property
    def names_base(self) -> bool:
        return "_base_." in self.text or "_base_[" in self.text

    @cached_property
    def uses_base_config(self) -> bool:
        """Whether it reads ``_base_`` as a dict, as mmengine offers it; ``{{_base_.x}}`` is not that."""
        if "_base_" not in self.text or self.lists_bases:
            return False
        return _BASE_CONFIG.search(_BASE_TEMPLATE.sub("", self.text)) is not None

    @cached_property
    def lists_bases(self) -> bool:
        """Whether it treats ``_base_`` as the list of paths, as mmcv does."""
        return "_base_" in self.text and _BASE_LIST.search(self.text) is not None

    def only(self, *nodes: ast.stmt) -> Source:
        """The same text with just these statements in its tree: places stay true."""
        part = Source(self.path, self.text, trusted=self.trusted)
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
        if self.mixed:
            return self._with_own_ends(text).encode(self.encoding)
        return text.replace("\n", self.newline).encode(self.encoding)

    def _with_own_ends(self, text: str) -> str:
        """Lines that were there keep the ends they had; new ones get the most common."""
        lines = text.split("\n")
        ends = [self.newline] * (len(lines) - 1) + [""]
        for block in difflib.SequenceMatcher(None, self.lines, lines, autojunk=False).get_matching_blocks():
            for i in range(block.size):
                if block.b + i < len(lines) - 1 and block.a + i < len(self.mixed):
                    ends[block.b + i] = self.mixed[block.a + i]
        return "".join(line + end for line, end in zip(lines, ends))

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
        if "#" not in self.text:
            return []
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
        if not any(mark in self.text for mark in ("'''", '"""', "\\\n")):
            return frozenset()
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


def file_templates(path: str) -> dict[str, str]:
    """What ``{{ fileDirname }}`` and its like stand for, given an absolute path."""
    folder, _, name = path.rpartition("/")
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    return {"fileDirname": folder, "fileBasename": name, "fileBasenameNoExtension": stem, "fileExtname": suffix}


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree[key] if isinstance(tree, Mapping) and key in tree else None
    return tree


def read_source(path: Path, trusted: bool = False) -> Source:
    """The file's text with line ends normalised. Raises ConversionError (CFG002, CFG004) when it cannot be read."""
    data = _read(path)
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0] if path.suffix == ".py" else "utf-8-sig"
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        refuse(path, "CFG002", f"is not text in its declared encoding: {error}")
    if encoding == "utf-8-sig":  # written without a byte order mark, which makes both libraries refuse a file
        encoding = "utf-8"
    if "\r" not in text:
        return Source(path, text, encoding, trusted=trusted)
    ends = re.findall(r"\r\n|\r|\n", text)
    newline = max(set(ends), key=ends.count)
    mixed = tuple(ends) if len(set(ends)) > 1 else ()
    return Source(path, re.sub(r"\r\n?", "\n", text), encoding, newline, mixed, trusted)


def _read(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would wait for ever, a device never end
            refuse(path, "CFG002", "is not a regular file")
        if found.st_size > MAX_BYTES:
            refuse(path, "CFG004", f"has {found.st_size:,} bytes; a config has at most {MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        refuse(path, "CFG002", f"cannot be read: {error.strerror or error}")
    except ValueError as error:  # a null character in the name
        refuse(path, "CFG002", f"is no path: {error}")


def refuse(path: Path, code: str, message: str) -> NoReturn:
    """Raise ConversionError for the file as a whole."""
    raise ConversionError(Finding(str(path), 0, 0, code, Effect.ERROR, message))
