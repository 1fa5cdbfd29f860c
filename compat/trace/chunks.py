"""A trace as chunks: the rows of many iterations as one array, with the events and tensors beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmmigrate.compat.trace.decoding import Rows, decoded
from mmmigrate.compat.trace.format import End, Event, Row, Schema, TensorRecord

ROWS = 1024
BYTES = 16 << 20
"""A chunk ends when it has so many rows, or holds so many bytes."""
EMPTY = Schema.of(())
"""The schema of an iteration that has events and no row."""


@dataclass(slots=True)
class Beside:
    """What an iteration has besides its row."""

    events: list[Event] = field(default_factory=list)
    tensors: dict[tuple[str, str], TensorRecord] = field(default_factory=dict)


@dataclass(slots=True)
class Chunk:
    """Whole iterations, in order: rows by schema, and what is beside them by iteration."""

    parts: list[Rows] = field(default_factory=list)
    beside: dict[int, Beside] = field(default_factory=dict)
    end: End | None = None


class _Growing:
    """The chunk that is being read; neighbouring rows of one schema become one array when it is complete."""

    def __init__(self) -> None:
        self.parts: list[Rows | list[Row]] = []
        self.beside: dict[int, Beside] = {}
        self.count = 0
        self.bytes = 0
        self.span = range(0)

    def add(self, record: Row | Rows | Event | TensorRecord) -> None:
        if isinstance(record, Row):
            last = self.parts[-1] if self.parts else None
            if isinstance(last, list) and last[-1].schema is record.schema:
                last.append(record)
            else:
                self.parts.append([record])
            self.count += 1
            self.bytes += len(record.words)
        elif isinstance(record, Rows):
            self.parts.append(record)
            self.count += len(record)
            self.bytes += record.words.nbytes
        else:
            beside = self.beside.setdefault(record.iteration, Beside())
            self.bytes += 256
            if isinstance(record, Event):
                beside.events.append(record)
            else:
                beside.tensors[record.stage, record.name] = record
                self.bytes += len(record.data)

    def drop_unfinished(self) -> None:
        """Forgets the tensors of an iteration that a kill has kept from its row."""
        last = self.span[-1] if self.span else None
        rows = _array(self.parts[-1]).iterations if self.parts else ()
        if last in self.beside and last not in rows:
            self.beside[last].tensors.clear()
            if not self.beside[last].events:
                del self.beside[last]

    def chunk(self) -> Chunk:
        parts = [_array(part) for part in self.parts]
        with_row = {i for rows in parts for i in rows.iterations.tolist()} if self.beside else set()
        for iteration in self.beside:
            if iteration not in with_row:
                parts = _with_lone(parts, iteration)
        return Chunk(parts, self.beside)


def _array(part: Rows | list[Row]) -> Rows:
    if isinstance(part, Rows):
        return part
    schema = part[0].schema
    iterations = np.array([row.iteration for row in part], dtype=np.int64)
    words = np.frombuffer(bytearray().join(row.words for row in part), dtype=np.uint64)
    return Rows(schema, iterations, words.reshape(len(part), len(schema.columns)))


def _with_lone(parts: list[Rows], iteration: int) -> list[Rows]:
    """The parts with an iteration that has no row in its place."""
    lone = Rows(EMPTY, np.array([iteration]), np.zeros((1, 0), np.uint64))
    for place, rows in enumerate(parts):
        before = int(np.searchsorted(rows.iterations, iteration))
        if before < len(rows):
            split = [rows[:before]] if before else []
            return [*parts[:place], *split, lone, rows[before:], *parts[place + 1 :]]
    return [*parts, lone]


def chunks(frames: Iterator[tuple[bytes, bytes]], path: Path) -> Iterator[Chunk]:
    """The trace in pieces of bounded size; an iteration is never cut in two. The last chunk has the `end`, if any."""
    growing = _Growing()
    for record in decoded(frames, path):
        if isinstance(record, End):
            chunk = growing.chunk()
            chunk.end = record
            yield chunk
            growing = _Growing()
            continue
        at = int(record.iterations[0]) if isinstance(record, Rows) else record.iteration
        if at not in growing.span:
            if growing.count >= ROWS or growing.bytes >= BYTES:
                yield growing.chunk()
                growing = _Growing()
            growing.span = range(at, at + 1)
        if isinstance(record, Rows):
            growing.span = range(at, at + len(record))
        growing.add(record)
    growing.drop_unfinished()
    if growing.parts or growing.beside:
        yield growing.chunk()
