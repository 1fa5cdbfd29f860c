"""Slots as Python text, in the layout that OpenMMLab configs have: 79 columns, hanging indents of four."""

from __future__ import annotations

import ast
import keyword
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.converters.emit.scope import Scope
from mmmigrate.converters.read.source import Comment, Source
from mmmigrate.converters.read.traced import Origin, Slot, TracedDict, TracedList

WIDTH = 79
STEP = 4


@dataclass
class Renderer:
    """Writes slots, and remembers which variables and which comments of the old file the text took along."""

    scope: Scope
    statement_ends: frozenset[int] = frozenset()  # lines whose trailing comment belongs to the whole statement
    names: set[str] = field(default_factory=set)
    comment_lines: set[int] = field(default_factory=set)

    def assignment(self, key: str, slot: Slot) -> list[str]:
        """``key = value`` as lines without trailing newline."""
        return self._entry(f"{key} = ", slot, 0, "")

    def _entry(self, prefix: str, slot: Slot, indent: int, suffix: str) -> list[str]:
        """One entry at an indentation: on one line if it fits, else broken inside the value's brackets."""
        pad = " " * indent
        flat = self._flat(slot)
        if flat is not None and len(pad + prefix + flat + suffix) <= WIDTH:
            return [pad + prefix + self._used(slot, flat) + suffix]
        text = self.scope.text_of(slot)
        if text is not None:
            lines = self._moved(slot.origin, self._used(slot, text), indent)
            return (
                [pad + prefix + lines[0], *lines[1:-1], lines[-1] + suffix]
                if len(lines) > 1
                else [pad + prefix + lines[0] + suffix]
            )
        if isinstance(slot.value, (TracedDict, TracedList)) and len(slot.value):
            return self._block(pad + prefix, slot.value, indent, suffix)
        return [pad + prefix + literal(slot.value) + suffix]

    def _block(self, head: str, value: TracedDict | TracedList, indent: int, suffix: str) -> list[str]:
        is_list = isinstance(value, TracedList)
        if isinstance(value, TracedDict):
            call = _is_call(value)
            opening, closing = ("dict(", ")") if call else ("{", "}")
            entries = [(f"{key}=" if call else f"{literal(key)}: ", slot) for key, slot in value.slots()]
        else:
            opening, closing = "[", "]"
            entries = [("", slot) for slot in value.slots()]
        lines = [head + opening]
        for index, (prefix, slot) in enumerate(entries):
            last = index == len(entries) - 1
            above, behind = self._comments_of(slot.origin)
            lines += [" " * (indent + STEP) + comment for comment in above]
            end = "" if last and is_list else closing + suffix if last and not behind else ","
            lines += self._entry(prefix, slot, indent + STEP, end)
            lines[-1] += f"  {behind}" if behind else ""
            if last and (is_list or behind):
                lines.append(" " * indent + closing + suffix)
        return lines

    def _flat(self, slot: Slot) -> str | None:
        """The value on one line, or None where it needs more: a comment or a line break in its text."""
        text = self.scope.text_of(slot)
        if text is not None:
            return None if "\n" in text else text
        value = slot.value
        if isinstance(value, (TracedDict, TracedList)):
            if any(self._has_comments(child.origin) for child in _children(value)):
                return None
            parts = [self._flat(child) for child in _children(value)]
            if any(part is None for part in parts):
                return None
            return _join(value, [part for part in parts if part is not None])
        return literal(value)

    def _used(self, slot: Slot, text: str) -> str:
        """Note the variables that a text reads, of the slot itself or of those inside it."""
        if slot.origin is not None and self.scope.text_of(slot) is not None:
            self.names |= slot.origin.names
            first = self.scope.source.span(slot.origin.node)[0]
            line = self.scope.source.line_at(first)
            self.comment_lines.update(range(line, line + text.count("\n")))  # the last line's is behind the text
        elif isinstance(slot.value, (TracedDict, TracedList)):
            for child in _children(slot.value):
                self._used(child, self.scope.text_of(child) or "")
        return text

    def _moved(self, origin: Origin | None, text: str, indent: int) -> list[str]:
        """A multi-line expression at a new indentation; lines inside string literals keep theirs."""
        if origin is None:
            return text.split("\n")
        source = self.scope.source
        line = source.line_at(source.span(origin.node)[0])
        anchor = source.lines[origin.line - 1]
        shift = indent - (len(anchor) - len(anchor.lstrip()))
        lines = text.split("\n")
        for number in range(1, len(lines)):
            if line + number not in source.lines_inside_strings:
                lines[number] = _shift(lines[number], shift)
        if indent == 0 and not _parses(text):  # it stood in brackets that were not part of it
            lines[0], lines[-1] = f"({lines[0]}", f"{lines[-1]})"
        return lines

    def _has_comments(self, origin: Origin | None) -> bool:
        above, behind = self._find_comments(origin)
        return bool(above or behind)

    def _comments_of(self, origin: Origin | None) -> tuple[list[str], str | None]:
        above, behind = self._find_comments(origin)
        if behind is not None and behind.line in self.comment_lines:
            behind = None  # another entry of that line has it
        self.comment_lines.update(comment.line for comment in [*above, *([behind] if behind else [])])
        return [comment.text for comment in above], behind.text if behind else None

    def _find_comments(self, origin: Origin | None) -> tuple[list[Comment], Comment | None]:
        """The comments above an entry and behind its last line, where the entry has those lines to itself."""
        source = self.scope.source
        if origin is None or origin.source is not source or self.scope.literal:
            return [], None
        above, behind = comments_around(source, origin)
        return above, None if behind and behind.line in self.statement_ends else behind


def comments_around(source: Source, origin: Origin) -> tuple[list[Comment], Comment | None]:
    by_line = {comment.line: comment for comment in source.comments}
    first, last = origin.line, source.line_at(source.span(origin.node)[1])
    above: list[Comment] = []
    start = getattr(origin.anchor, "col_offset", 0)
    if not source.lines[first - 1][:start].strip():
        line = first - 1
        while line in by_line and by_line[line].own_line and line not in source.lines_inside_strings:
            above.insert(0, by_line[line])
            line -= 1
        if above and above[0].column == 0:
            above = []  # a comment of the statement, not of an entry in it
    behind = by_line.get(last)
    return above, behind if behind and not behind.own_line and behind.column >= 0 else None


def _children(value: TracedDict | TracedList) -> list[Slot]:
    return [slot for _, slot in value.slots()] if isinstance(value, TracedDict) else value.slots()


def _is_call(value: dict[Any, Any]) -> bool:
    return all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key) for key in value)


def _join(value: TracedDict | TracedList, parts: list[str]) -> str:
    if isinstance(value, TracedList):
        return f"[{', '.join(parts)}]"
    if _is_call(value):
        return f"dict({', '.join(f'{key}={part}' for key, part in zip(value, parts))})"
    return "{" + ", ".join(f"{literal(key)}: {part}" for key, part in zip(value, parts)) + "}"


def literal(value: Any) -> str:
    """A plain value as Python text that evaluates to it.

    >>> literal({'a': (1, float('inf')), 'b c': [None]})
    "{'a': (1, float('inf')), 'b c': [None]}"
    """
    if isinstance(value, dict):
        return _join(TracedDict(value), [literal(item) for item in value.values()])
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"float({str(value)!r})"
    return repr(value)


def _shift(line: str, by: int) -> str:
    if by >= 0:
        return " " * by + line if line.strip() else line
    return line[min(-by, len(line) - len(line.lstrip())) :]


def _parses(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True
