"""The trace file: a stream of checked frames, so that a killed run leaves every finished iteration readable.

A file is `MAGIC`, then frames of `length, crc32, kind, check` (the check is of the three before it) and a payload:

- `H`: the header, as JSON, with the version of the format. It is the first frame.
- `S`: a schema, as JSON: the columns of rows, in causal order. Schemas are numbered in the order of the file.
- `R`: one iteration: the number of its schema, and one little-endian 8-byte word for each column.
- `D`: the same, as a difference: a bit for each column that changed since the last row of the schema, and those words.
- `B`: many consecutive iterations whose rows have one schema: their words column by column, deflated.
- `E`: an event, as JSON. `T`: a tensor. Both belong to the iteration that they name, in front of its row or behind it.
- `Z`: how the run ended. A trace without it is that of a run that was killed.
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

import numpy as np
import numpy.typing as npt

from mmmigrate.compat.trace.stages import RANK

MAGIC = b"MMTRACE\x02"
VERSION = 2
HEAD = struct.Struct("<IIc")
FRAME = struct.Struct("<IIcH")
ROW = struct.Struct("<Iq")
BLOCK = struct.Struct("<IqI")
TENSOR = struct.Struct("<qI")
BLOCK_WORDS = 1 << 20
"""The most words in one block: a reader holds a block at a time."""
Words = npt.NDArray[np.uint64]
WORDS = {"f8": "d", "f4": "d", "f2": "d", "b2": "d", "i8": "q", "digest": "Q"}
"""Kinds of columns. `f4` is a number that came from a float32, `f2` from a float16, `b2` from a bfloat16: stored as
float64, its ULP is counted in that type."""


def frame_head(payload: bytes, kind: bytes) -> bytes:
    """What stands before a payload."""
    head = HEAD.pack(len(payload), zlib.crc32(payload), kind)
    return head + (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little")


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
        self._last: dict[int, Words] = {}
        self._file.write(MAGIC)
        self._frame(b"H", json.dumps({"version": VERSION, **header}).encode())

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._file.write(frame_head(payload, kind) + payload)

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
        words = np.frombuffer(schema.packer.pack(*[values[i] for i in order]), dtype=np.uint64)
        self._frame(*self._shortest(number, iteration, words))
        self._last[number] = words

    def _shortest(self, number: int, iteration: int, words: Words) -> tuple[bytes, bytes]:
        """The frame of a row, as a difference to the one before where that is shorter."""
        head, before = ROW.pack(number, iteration), self._last.get(number)
        if before is not None:
            changed = words != before
            if 8 * int(np.count_nonzero(changed)) + len(words) / 8 < 7 * len(words):
                return b"D", head + np.packbits(changed).tobytes() + words[changed].tobytes()
        return b"R", head + words.tobytes()

    def block(self, first: int, columns: tuple[Column, ...], values: Sequence[npt.NDArray[Any]]) -> None:
        """The rows of many iterations from `first` on; `values[i]` holds what `columns[i]` has in each of them.

        A reader holds a block whole: `BLOCK_WORDS` is a good size. Events in it may follow it.
        """
        number, _, order = self._schemas.get(columns) or self._schema(columns)
        kinds = {"d": np.float64, "q": np.int64, "Q": np.uint64}
        words = np.stack([np.asarray(values[i], dtype=kinds[WORDS[columns[i].kind]]).view(np.uint64) for i in order])
        head = BLOCK.pack(number, first, words.shape[1])
        self._frame(b"B", head + zlib.compress(words.tobytes(), 1))
        self._last[number] = words[:, -1].copy()

    def event(self, iteration: int, stage: str, name: str, values: dict[str, Any]) -> None:
        self._frame(b"E", json.dumps([iteration, stage, name, values]).encode())

    def tensor(self, record: TensorRecord) -> None:
        meta = json.dumps([record.stage, record.name, record.dtype, record.shape]).encode()
        self._frame(b"T", TENSOR.pack(record.iteration, len(meta)) + meta + record.data)

    def close(self, status: str = "complete", detail: str = "") -> None:
        """Ends the trace; a second call does nothing."""
        if not self._file.closed:
            self._frame(b"Z", json.dumps([status, detail]).encode())
            self._file.close()

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close("complete" if error is None else "failed", "" if error is None else repr(error))
