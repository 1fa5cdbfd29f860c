"""Byte splices on one text: collected, checked for conflicts, applied once."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field


class EditConflict(Exception):
    """Two edits would change the same bytes: a fault of a rule, which the converter reports (COD003)."""


@dataclass(frozen=True, order=True)
class Edit:
    """Replace bytes ``start`` to ``end`` (exclusive) by ``text``; equal offsets insert."""

    start: int
    end: int
    text: bytes


@dataclass
class Edits:
    """The edits of one round, in order of place."""

    edits: list[Edit] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.edits)

    def replace(self, start: int, end: int, text: str | bytes) -> None:
        """Raises EditConflict if the bytes are edited already; the very same edit twice counts once."""
        edit = Edit(start, end, text.encode() if isinstance(text, str) else text)
        if edit in self.edits and start != end:
            return
        for other in self.edits:
            overlap = edit.start < other.end and other.start < edit.end
            inside = edit.start == edit.end and other.start < edit.start < other.end
            around = other.start == other.end and edit.start < other.start < edit.end
            if overlap or inside or around:
                raise EditConflict(f"bytes {start}:{end} and {other.start}:{other.end}")
        insort(self.edits, edit, key=lambda item: (item.start, item.end))

    def insert(self, at: int, text: str | bytes) -> None:
        """Inserts at the same place stay in the order in which they were asked for."""
        self.replace(at, at, text)

    def forbid(self, why: str) -> None:
        """Raises EditConflict: nothing of this file can be changed safely."""
        raise EditConflict(why)

    def covers(self, start: int, end: int) -> bool:
        """Whether an edit touches these bytes."""
        return any(edit.start < end and start < edit.end for edit in self.edits)

    def apply(self, data: bytes) -> bytes:
        pieces, at = [], 0
        for edit in self.edits:
            pieces += [data[at : edit.start], edit.text]
            at = edit.end
        return b"".join([*pieces, data[at:]])

    def origin(self, offset: int) -> int:
        """Where an offset of the new text was in the old one: for inserted text, the place of its edit."""
        moved = 0
        for edit in self.edits:
            start = edit.start + moved
            if offset < start:
                break
            if offset < start + len(edit.text):
                return edit.start
            moved += len(edit.text) - (edit.end - edit.start)
        return offset - moved
