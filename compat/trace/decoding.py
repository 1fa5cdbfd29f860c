"""The frames of a trace as records: whatever is in a frame makes sense, or it is refused."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from mmmigrate.compat.trace.ulp import stored_bytes

_MOST_WORDS = 16 * BLOCK_WORDS
_SENSELESS = (ValueError, LookupError, TypeError, ArithmeticError, RecursionError, struct.error, zlib.error)


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


def decoded(frames: Iterator[tuple[bytes, bytes]], path: Path) -> Iterator[Record | Rows]:
    """The records of frames, in the order of the file; a block as one. Raises TraceError for a senseless frame."""
    decoder = _Decoder()
    for kind, payload in frames:
        try:
            read = decoder.kinds.get(kind)
            record = None if read is None else read(payload)
        except _SENSELESS as error:
            raise TraceError(f"{path}: a frame of kind {kind!r} cannot be read: {error}") from error
        if record is not None:
            yield record


def records(frames: Iterator[tuple[bytes, bytes]], path: Path) -> Iterator[Record]:
    """One record at a time, rows singly."""
    for record in decoded(frames, path):
        if isinstance(record, Rows):
            for index in range(len(record)):
                yield record.row(index)
        else:
            yield record


class _Decoder:
    """Reads frame by frame; a row may refer to the row before, and every row to a schema."""

    def __init__(self) -> None:
        self.kinds: dict[bytes, Callable[[bytes], Record | Rows | None]] = {
            b"S": self._schema, b"R": self._row, b"D": self._difference, b"B": self._block, b"E": _event,
            b"T": self._tensor, b"Z": _end,
        }  # fmt: skip
        self._schemas: list[Schema] = []
        self._last: dict[int, bytes] = {}
        self._tensors: dict[bytes, tuple[str, str, str, tuple[int, ...], int]] = {}

    def _schema(self, payload: bytes) -> None:
        self._schemas.append(Schema.of([_column(*column) for column in json.loads(payload)]))

    def _row(self, payload: bytes) -> Row:
        number, iteration = ROW.unpack_from(payload)
        schema, words = self._schemas[number], payload[ROW.size :]
        if len(words) != schema.packer.size:
            raise ValueError(f"{len(words)} bytes for {len(schema.columns)} columns")
        self._last[number] = words
        return Row(iteration, schema, words)

    def _difference(self, payload: bytes) -> Row:
        number, iteration = ROW.unpack_from(payload)
        width = len(self._schemas[number].columns)
        bits = -(-width // 8)
        body = np.frombuffer(payload, dtype=np.uint8, offset=ROW.size)
        changed = np.unpackbits(body[:bits], count=width).astype(np.bool_)
        words = np.frombuffer(self._last[number], dtype=np.uint64).copy()
        words[changed] = np.frombuffer(payload, dtype=np.uint64, offset=ROW.size + bits)
        self._last[number] = words.tobytes()
        return Row(iteration, self._schemas[number], self._last[number])

    def _block(self, payload: bytes) -> Rows:
        number, first, count = BLOCK.unpack_from(payload)
        schema = self._schemas[number]
        width = len(schema.columns)
        if not 0 < width * count <= _MOST_WORDS:
            raise ValueError(f"a block of {count} rows and {width} columns")
        data = zlib.decompressobj().decompress(payload[BLOCK.size :], 8 * width * count)
        words = np.ascontiguousarray(np.frombuffer(data, dtype=np.uint64).reshape(width, count).T)
        self._last[number] = words[-1].tobytes()
        return Rows(schema, np.arange(first, first + count), words)

    def _tensor(self, payload: bytes) -> TensorRecord:
        iteration, length = TENSOR.unpack_from(payload)
        begin = TENSOR.size + length
        meta, data = payload[TENSOR.size : begin], payload[begin:]
        if meta not in self._tensors:
            stage, name, dtype, shape = json.loads(meta)
            sizes = tuple(shape)
            self._tensors[meta] = _stage(stage), _text(name), _text(dtype), sizes, stored_bytes(dtype, sizes)
        stage, name, dtype, sizes, size = self._tensors[meta]
        if len(data) != size:
            raise ValueError(f"{len(data)} bytes for {dtype}{list(sizes)}")
        return TensorRecord(_iteration(iteration), stage, name, dtype, sizes, data)


def _event(payload: bytes) -> Event:
    iteration, stage, name, values = json.loads(payload)
    if not isinstance(values, dict):
        raise TypeError("an event has an object of values")
    return Event(_iteration(iteration), _stage(stage), _text(name), values)


def _end(payload: bytes) -> End:
    status, detail = json.loads(payload)
    return End(_text(status), _text(detail))


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
