"""The trace file: a stream of checked frames, so that a killed run leaves every finished iteration readable.

A file is `MAGIC`, then frames of `length, crc32, kind` and a payload. One row frame holds one iteration:
the number of a schema (its columns, written once before the first row that has them) and one little-endian 8-byte word
for each column.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from mmmigrate.compat.trace.stages import RANK

MAGIC = b"MMTRACE\x01"
VERSION = 1
FRAME = struct.Struct("<IIc")
ROW = struct.Struct("<Iq")
TENSOR = struct.Struct("<I")
WORDS = {"f8": "d", "f4": "d", "i8": "q", "digest": "Q"}
"""Kinds of columns. `f4` is a number that came from a float32: stored as float64, its ULP is counted in float32."""


class TraceError(ValueError):
    """A file that is no trace, is of an unknown version, or is damaged before its end."""


class Column(NamedTuple):
    stage: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Schema:
    columns: tuple[Column, ...]
    packer: struct.Struct

    @classmethod
    def of(cls, columns: Sequence[Column]) -> Schema:
        return cls(tuple(columns), struct.Struct("<" + "".join(WORDS[column.kind] for column in columns)))


@dataclass(frozen=True, slots=True)
class Row:
    iteration: int
    schema: Schema
    words: bytes

    def values(self) -> tuple[float | int, ...]:
        unpacked: tuple[float | int, ...] = self.schema.packer.unpack(self.words)
        return unpacked


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens now and then: an evaluation's results, a checkpoint's name."""

    iteration: int
    stage: str
    name: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """All elements of a tensor whose digest is in the row of the same iteration."""

    iteration: int
    stage: str
    name: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The run came to its end (`complete`), to the step where it was told to stop (`stopped`), or failed (`failed`)."""

    status: str
    detail: str = ""


Record = Row | Event | TensorRecord | End


class TraceWriter:
    """Appends to a new trace at `path`; every record is in the operating system's hands when the call returns."""

    def __init__(self, path: str | Path, header: dict[str, Any]) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("wb", buffering=0)
        self._schemas: dict[tuple[Column, ...], tuple[int, Schema, list[int]]] = {}
        self._file.write(MAGIC)
        self._frame(b"H", json.dumps({"version": VERSION, **header}).encode())

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._file.write(FRAME.pack(len(payload), zlib.crc32(payload), kind) + payload)

    def _schema(self, columns: tuple[Column, ...]) -> tuple[int, Schema, list[int]]:
        order = sorted(range(len(columns)), key=lambda i: (RANK[columns[i].stage], columns[i].name))
        schema = Schema.of([columns[i] for i in order])
        number = len(self._schemas)
        self._frame(b"S", json.dumps(schema.columns).encode())
        self._schemas[columns] = number, schema, order
        return self._schemas[columns]

    def row(self, iteration: int, columns: tuple[Column, ...], values: Sequence[float | int]) -> None:
        """`values[i]` belongs to `columns[i]`; on disk they lie in causal order."""
        number, schema, order = self._schemas.get(columns) or self._schema(columns)
        words = schema.packer.pack(*[values[i] for i in order])
        self._frame(b"R", ROW.pack(number, iteration) + words)

    def event(self, iteration: int, stage: str, name: str, values: dict[str, Any]) -> None:
        self._frame(b"E", json.dumps([iteration, stage, name, values]).encode())

    def tensor(self, record: TensorRecord) -> None:
        meta = json.dumps([record.iteration, record.stage, record.name, record.dtype, record.shape]).encode()
        self._frame(b"T", TENSOR.pack(len(meta)) + meta + record.data)

    def close(self, status: str = "complete", detail: str = "") -> None:
        """Ends the trace; a second call does nothing."""
        if not self._file.closed:
            self._frame(b"Z", json.dumps([status, detail]).encode())
            self._file.close()

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close("complete" if error is None else "failed", "" if error is None else repr(error))
