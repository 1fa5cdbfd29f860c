"""What translating one class would change, collected before anything is changed: all of it, or nothing."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.redirect import Target
from mmmigrate.converters.code.module import Module, Use


@dataclass(frozen=True)
class Needed:
    """Stands in a new text for the local name of something that must be imported."""

    module: str
    name: str


Pieces = tuple["str | Needed", ...]


@dataclass(frozen=True)
class Change:
    """Replace the bytes ``start`` to ``end`` of the class's file."""

    start: int
    end: int
    pieces: Pieces


@dataclass(frozen=True)
class Blocker:
    """Why a class cannot be translated with certainty, and where."""

    node: ast.AST
    reason: str
    bridged: bool = True  # whether the bridge does what v2 did


@dataclass(frozen=True)
class Remarked:
    """Something that the translation of a place has to say."""

    node: ast.AST
    message: str
    effect: Effect


@dataclass
class Draft:
    """The translation of one class."""

    cls: Class
    changes: list[Change] = field(default_factory=list)
    blockers: list[Blocker] = field(default_factory=list)
    remarks: list[Remarked] = field(default_factory=list)
    redirected: dict[Use, Target] = field(default_factory=dict)  # names of mmcv that are something else in v3
    by_epoch: set[str] = field(default_factory=set)  # asked for, and other in an iteration loop
    deleted: list[ast.stmt] = field(default_factory=list)

    @property
    def module(self) -> Module:
        return self.cls.module

    def block(self, node: ast.AST, reason: str, bridged: bool = True) -> None:
        self.blockers.append(Blocker(node, reason, bridged))

    def remark(self, node: ast.AST, message: str, effect: Effect = Effect.MEASURED) -> None:
        self.remarks.append(Remarked(node, message, effect))

    def put(self, start: int, end: int, *pieces: str | Needed) -> None:
        change = Change(start, end, pieces)
        if change not in self.changes:
            self.changes.append(change)

    def replace(self, node: ast.AST, *pieces: str | Needed) -> None:
        self.put(*self.module.source.span(node), *pieces)

    def start(self, node: ast.AST) -> int:
        return self.module.source.span(node)[0]

    def end(self, node: ast.AST) -> int:
        return self.module.source.span(node)[1]

    def rename_method(self, method: Method, name: str) -> None:
        """Renames the definition of a method."""
        if method.name == name:
            return
        at = self.module.source.starts[method.lineno - 1] + method.col_offset
        match = re.compile(rb"def\s+" + method.name.encode() + rb"\b").search(self.module.source.utf8, at)
        assert match is not None  # the tree was made from this text
        self.put(match.end() - len(method.name.encode()), match.end(), name)

    def rename_attribute(self, node: ast.Attribute, name: str) -> None:
        """Renames the last attribute of a chain."""
        if node.attr != name:
            end = self.end(node)
            self.put(end - len(node.attr.encode()), end, name)

    def stands_on_one_line(self, method: Method) -> bool:
        """Whether a method's body follows its colon on the same line."""
        source = self.module.source
        at = self.start(method.body[0])
        return bool(source.utf8[source.starts[source.place(at)[0] - 1] : at].strip())

    def insert_first(self, method: Method, *pieces: str | Needed) -> None:
        """Puts statements, written without indentation, at the beginning of a method, below its docstring."""
        place = next((item for item in method.body if not _is_docstring(item)), None)
        last = method.body[-1]
        at = self._below_header(place) if place else self.end(last)
        indent = self.module.source.indent_at(self.start(last))
        lines = [piece.replace("\n", f"\n{indent}") if isinstance(piece, str) else piece for piece in pieces]
        if "\t" in indent:
            lines = [line.replace("    ", "\t") if isinstance(line, str) else line for line in lines]
        self.put(at, at, *lines) if place else self.put(at, at, f"\n{indent}", *lines)

    def _below_header(self, first: ast.stmt) -> int:
        """Where the code of a method begins: at its first statement, or at the comments right above it."""
        source = self.module.source
        line = source.place(self.start(first))[0] - 1
        while source.utf8[source.starts[line - 1] : source.starts[line]].strip().startswith(b"#"):
            line -= 1
        start = source.starts[line]
        text = source.utf8[start : source.starts[line + 1] if line + 1 < len(source.starts) else None]
        return start + len(text) - len(text.lstrip(b" \t"))

    def append_arguments(self, call: ast.Call, arguments: list[str]) -> None:
        """Adds arguments at the end of a call."""
        if not arguments:
            return
        last = max([*call.args, *(item.value for item in call.keywords)], key=self.end, default=None)
        if last is None:
            at = self.end(call) - 1
            self.put(at, at, ", ".join(arguments))
        else:
            at = self._closed(self.end(last), self.end(call))
            self.put(at, at, "".join(f", {item}" for item in arguments))

    def _closed(self, at: int, limit: int) -> int:
        """Behind the parentheses of an argument that stands in parentheses of its own."""
        data = self.module.source.utf8
        inner = data[at : limit - 1]
        closing = re.match(rb"(?:\s*\))*", inner)
        return at + (closing.end() if closing else 0)

    def apply(self) -> None:
        """Writes the changes into the module's edits."""
        module = self.module
        written = [change for statement in self.deleted for change in self._delete(statement)]
        for change in self.changes:
            if change not in written:
                module.edits.replace(change.start, change.end, self._text(change))

    def _text(self, change: Change) -> str:
        pieces = (
            self.module.need(piece.module, piece.name) if isinstance(piece, Needed) else piece
            for piece in change.pieces
        )
        return "".join(pieces).replace("\n", self.module.source.newline)

    def _delete(self, statement: ast.stmt) -> list[Change]:
        """Takes a statement out; what is inserted before it takes its place, and is given back."""
        at = self.start(statement)
        inserted = [change for change in self.changes if change.start == change.end == at]
        if inserted:
            self.module.replace(statement, "".join(map(self._text, inserted)).rstrip())
        else:
            self.module.delete(statement)
        return inserted


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
