"""A trace as chunks: the rows of many iterations as one array, with the events and tensors beside them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmmigrate.compat.trace.format import (
    BLOCK,
    BLOCK_WORDS,
    ROW,
    TENSOR,
    Column,
    End,
    Event,
    Record,
    Row,
    Schema,
    TensorRecord,
    TraceError,
    Words,
)
from mmmigrate.compat.trace.stages import RANK
from mmmigrate.compat.trace.ulp import decode

ROWS = 1024
BYTES = 16 << 20
"""A chunk ends when it has so many rows, or holds so many bytes."""
_MOST_WORDS = 16 * BLOCK_WORDS
_BROKEN = (struct.error, zlib.error)
EMPTY = Schema.of(())
"""The schema of an iteration that has events and no row."""


@dataclass(slots=True)
class Rows:
    """Rows of one schema: `iterations` has one number for each, `words` the shape (rows, columns)."""

    schema: Schema
    iterations: npt.NDArray[np.int64]
    words: Words

    def __len__(self) -> int:
        return len(self.iterations)

    def __getitem__(self, part: slice) -> Rows:
        return Rows(self.schema, self.iterations[part], self.words[part])

    def at(self, places: npt.NDArray[np.intp]) -> Rows:
        return Rows(self.schema, self.iterations[places], self.words[places])

    def row(self, index: int) -> Row:
        return Row(int(self.iterations[index]), self.schema, self.words[index].tobytes())


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


def decoded(frames: Iterator[tuple[bytes, bytes]], path: Path) -> Iterator[Rows | Event | TensorRecord | End]:
    """The records of frames, in the order of the file. Raises TraceError for a frame that makes no sense."""
    schemas: list[Schema] = []
    last: dict[int, Words] = {}
    for kind, payload in frames:
        try:
            if kind in b"RDB":
                yield _rows(kind, payload, schemas, last)
            elif kind == b"S":
                schemas.append(Schema.of([_column(*column) for column in json.loads(payload)]))
            elif kind == b"E":
                yield _event(payload)
            elif kind == b"T":
                yield _tensor(payload)
            elif kind == b"Z":
                status, detail = json.loads(payload)
                yield End(_text(status), _text(detail))
        except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError, *_BROKEN) as error:
            raise TraceError(f"{path}: a frame of kind {kind!r} cannot be read: {error}") from error


def _rows(kind: bytes, payload: bytes, schemas: list[Schema], last: dict[int, Words]) -> Rows:
    head = BLOCK if kind == b"B" else ROW
    number, first, *count = head.unpack_from(payload)
    schema = schemas[number]
    width = len(schema.columns)
    if kind == b"B":
        if not 0 < width * count[0] <= _MOST_WORDS:
            raise ValueError(f"a block of {count[0]} rows and {width} columns")
        data = zlib.decompressobj().decompress(payload[head.size :], 8 * width * count[0])
        whole = np.frombuffer(data, dtype=np.uint64).reshape(width, count[0])
        words = np.ascontiguousarray(whole.T)
    elif kind == b"R":
        words = np.frombuffer(payload, dtype=np.uint64, offset=head.size).reshape(1, width)
    else:
        bits = -(-width // 8)
        body = np.frombuffer(payload, dtype=np.uint8, offset=head.size)
        changed = np.unpackbits(body[:bits], count=width).astype(np.bool_)
        words = last[number].copy().reshape(1, width)
        words[0, changed] = np.frombuffer(payload, dtype=np.uint64, offset=head.size + bits)
    if len(words):
        last[number] = words[-1]
    return Rows(schema, np.arange(first, first + len(words)), words)


def _column(stage: str, name: str, kind: str) -> Column:
    return Column(_stage(stage), _text(name), kind)


def _stage(stage: Any) -> str:
    if stage not in RANK and stage != "hooks":
        raise ValueError(f"unknown stage {stage!r}")
    return str(stage)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a name is text, not {value!r}")
    return value


def _iteration(value: Any) -> int:
    if not isinstance(value, int) or abs(value) >= 1 << 62:
        raise TypeError(f"an iteration has a number, not {value!r}")
    return value


def _event(payload: bytes) -> Event:
    iteration, stage, name, values = json.loads(payload)
    if not isinstance(values, dict):
        raise TypeError("an event has an object of values")
    return Event(_iteration(iteration), _stage(stage), _text(name), values)


def _tensor(payload: bytes) -> TensorRecord:
    (length,) = TENSOR.unpack_from(payload)
    begin = TENSOR.size + length
    iteration, stage, name, dtype, shape = json.loads(payload[TENSOR.size : begin])
    record = TensorRecord(_iteration(iteration), _stage(stage), _text(name), dtype, tuple(shape), payload[begin:])
    decode(record.dtype, record.shape, record.data)  # only a view: it refuses what is no tensor
    return record


def records(frames: Iterator[tuple[bytes, bytes]], path: Path) -> Iterator[Record]:
    """One record at a time, rows singly."""
    for record in decoded(frames, path):
        if isinstance(record, Rows):
            for index in range(len(record)):
                yield record.row(index)
        else:
            yield record


class _Growing:
    """The chunk that is being read; rows of one schema are joined when it is complete."""

    def __init__(self) -> None:
        self.rows: list[Rows] = []
        self.beside: dict[int, Beside] = {}
        self.count = 0
        self.bytes = 0
        self.span = range(0)

    def add(self, record: Rows | Event | TensorRecord) -> None:
        if isinstance(record, Rows):
            self.rows.append(record)
            self.count += len(record)
            self.bytes += record.words.nbytes
            return
        beside = self.beside.setdefault(record.iteration, Beside())
        if isinstance(record, Event):
            beside.events.append(record)
            self.bytes += 256
        else:
            beside.tensors[record.stage, record.name] = record
            self.bytes += len(record.data) + 256

    def drop_unfinished(self) -> None:
        """Forgets the tensors of an iteration that a kill has kept from its row."""
        last = self.span[-1] if self.span else None
        if last in self.beside and not any(last in rows.iterations for rows in self.rows[-1:]):
            self.beside[last].tensors.clear()
            if not self.beside[last].events:
                del self.beside[last]

    def chunk(self) -> Chunk:
        parts = _joined(self.rows)
        with_row = {i for rows in parts for i in rows.iterations.tolist()} if self.beside else set()
        for iteration in self.beside:
            if iteration not in with_row:
                parts = _with_lone(parts, iteration)
        return Chunk(parts, self.beside)


def _joined(rows: list[Rows]) -> list[Rows]:
    """Neighbours of one schema as one."""
    parts: list[Rows] = []
    begin = 0
    for end in range(1, len(rows) + 1):
        if end < len(rows) and rows[end].schema is rows[begin].schema:
            continue
        group = rows[begin:end]
        if len(group) > 1:
            iterations = np.concatenate([one.iterations for one in group])
            parts.append(Rows(group[0].schema, iterations, np.concatenate([one.words for one in group])))
        else:
            parts += group
        begin = end
    return parts


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
        first = int(record.iterations[0]) if isinstance(record, Rows) and len(record) else None
        at: Any = first if isinstance(record, Rows) else record.iteration
        if at is None:
            continue
        if at not in growing.span:
            if growing.count >= ROWS or growing.bytes >= BYTES:
                yield growing.chunk()
                growing = _Growing()
            growing.span = range(at, at + 1)
        if isinstance(record, Rows) and len(record) > 1:
            growing.span = range(at, at + len(record))
        growing.add(record)
    growing.drop_unfinished()
    if growing.rows or growing.beside:
        yield growing.chunk()
