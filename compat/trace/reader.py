"""Reading traces: a stream of records, and the numbers of a whole run as columns."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmigrate.compat.trace.format import (
    FRAME,
    MAGIC,
    ROW,
    TENSOR,
    VERSION,
    Column,
    End,
    Event,
    Record,
    Row,
    Schema,
    TensorRecord,
    TraceError,
)


class TraceReader:
    """Iterates the records of the trace at `path` in the order written; `header` is read at once.

    A last frame that a kill cut short is left out and sets `truncated` once iteration has reached it.
    Raises TraceError for a file that is no trace, of a newer version, or damaged before its last frame.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.truncated = False
        kind, payload = next(self._frames(), (b"", b""))
        if kind != b"H":
            raise TraceError(f"{self.path}: the header is missing: the run was killed before it began")
        self.header: dict[str, Any] = json.loads(payload)
        if self.header["version"] > VERSION:
            raise TraceError(
                f"{self.path}: trace version {self.header['version']}; this mmmigrate reads up to {VERSION}: update it"
            )

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        with self.path.open("rb", buffering=1 << 20) as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise TraceError(f"{self.path}: not a trace written by mmmigrate (its first bytes differ)")
            while head := file.read(FRAME.size):
                if len(head) < FRAME.size:
                    self.truncated = True
                    return
                length, checksum, kind = FRAME.unpack(head)
                payload = file.read(length)
                if len(payload) < length or zlib.crc32(payload) != checksum:
                    if file.read(1):
                        where = file.tell() - 1 - length
                        raise TraceError(
                            f"{self.path}: damaged near byte {where}: the checksum of a frame does not match"
                        )
                    self.truncated = True
                    return
                yield kind, payload

    def __iter__(self) -> Iterator[Record]:
        schemas: list[Schema] = []
        for kind, payload in self._frames():
            if kind == b"R":
                number, iteration = ROW.unpack_from(payload)
                yield Row(iteration, schemas[number], payload[ROW.size :])
            elif kind == b"S":
                schemas.append(Schema.of([Column(*column) for column in json.loads(payload)]))
            elif kind == b"E":
                yield Event(*json.loads(payload))
            elif kind == b"T":
                yield _tensor(payload)
            elif kind == b"Z":
                yield End(*json.loads(payload))


def _tensor(payload: bytes) -> TensorRecord:
    (length,) = TENSOR.unpack_from(payload)
    begin = TENSOR.size + length
    iteration, stage, name, dtype, shape = json.loads(payload[TENSOR.size : begin])
    return TensorRecord(iteration, stage, name, dtype, tuple(shape), payload[begin:])


@dataclass(frozen=True, slots=True)
class Curves:
    """The numbers of a run by column: for each, the iterations that have it and its value there."""

    header: dict[str, Any]
    numbers: dict[tuple[str, str], tuple[list[int], list[float]]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    iterations: int = 0


def read_curves(path: str | Path) -> Curves:
    """Every number (no digests) and event of the trace at `path`."""
    reader = TraceReader(path)
    numbers: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
    events: list[Event] = []
    iterations = 0
    places: dict[int, list[tuple[int, list[int], list[float]]]] = {}
    for record in reader:
        if isinstance(record, Event):
            events.append(record)
        elif isinstance(record, Row) and record.iteration >= 0:
            iterations += 1
            if id(record.schema) not in places:
                places[id(record.schema)] = [
                    (i, *numbers.setdefault((column.stage, column.name), ([], [])))
                    for i, column in enumerate(record.schema.columns)
                    if column.kind != "digest"
                ]
            values = record.values()
            for i, where, what in places[id(record.schema)]:
                where.append(record.iteration)
                what.append(float(values[i]))
    return Curves(reader.header, numbers, events, iterations)
