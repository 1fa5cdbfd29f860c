"""Reading traces: a stream of records, and the numbers of a whole run as columns."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mmmigrate.compat.trace.chunks import Chunk, chunks
from mmmigrate.compat.trace.decoding import Rows, records
from mmmigrate.compat.trace.format import FRAME, HEAD, MAGIC, VERSION, Event, Record, TraceError


class TraceReader:
    """Iterates the records of the trace at `path` in the order written; `header` is read at once.

    A last frame that a kill cut short is left out and sets `truncated` once iteration has reached it.
    Raises TraceError for a file that is no trace, of another version, or damaged before its last frame.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.truncated = False
        kind, payload = next(self._frames(), (b"", b""))
        if kind != b"H":
            raise TraceError(f"{self.path}: the header is missing: the run was killed before it began")
        self.header = _header(payload, self.path)

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        try:
            with self.path.open("rb", buffering=1 << 20) as file:
                self._check_magic(file.read(len(MAGIC)))
                yield from self._framed(file)
        except OSError as error:
            raise TraceError(f"{self.path}: cannot be read: {error.strerror or error}") from error

    def _framed(self, file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
        while head := file.read(FRAME.size):
            if len(head) < FRAME.size:
                self.truncated = True
                return
            length, checksum, kind, check = FRAME.unpack(head)
            if zlib.crc32(head[: HEAD.size]) & 0xFFFF != check:
                raise self._damaged(file.tell() - len(head))
            payload = file.read(length)
            if len(payload) < length:
                self.truncated = True
                return
            if zlib.crc32(payload) != checksum:
                where = file.tell() - length
                if file.read(1):
                    raise self._damaged(where)
                self.truncated = True  # a power cut may leave the length of a last frame without its content
                return
            yield kind, payload

    def _check_magic(self, found: bytes) -> None:
        if found == MAGIC:
            return
        if found[:-1] == MAGIC[:-1]:
            raise TraceError(
                f"{self.path}: trace version {found[-1]}; this mmmigrate reads version {VERSION}: "
                + ("update it" if found[-1] > VERSION else "record it again")
            )
        raise TraceError(f"{self.path}: not a trace written by mmmigrate (its first bytes differ)")

    def _damaged(self, where: int) -> TraceError:
        return TraceError(f"{self.path}: damaged near byte {where}: the checksum of a frame does not match")

    def __iter__(self) -> Iterator[Record]:
        return records(self._body(), self.path)

    def chunks(self) -> Iterator[Chunk]:
        """The trace in pieces, iterations whole, rows as arrays."""
        return chunks(self._body(), self.path)

    def _body(self) -> Iterator[tuple[bytes, bytes]]:
        frames = self._frames()
        next(frames)  # the header, read already
        return frames


def _header(payload: bytes, path: Path) -> dict[str, Any]:
    try:
        header = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{path}: its header is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise TraceError(f"{path}: its header is no object")
    return header


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
    parts: dict[tuple[str, str], list[tuple[list[int], list[float]]]] = {}
    events: list[Event] = []
    iterations = 0
    for chunk in reader.chunks():
        for beside in chunk.beside.values():
            events += beside.events
        for rows in chunk.parts:
            iterations += _numbers(rows, parts)
    numbers = {
        key: ([i for where, _ in found for i in where], [v for _, what in found for v in what])
        for key, found in parts.items()
    }
    return Curves(reader.header, numbers, events, iterations)


def _numbers(rows: Rows, parts: dict[tuple[str, str], list[tuple[list[int], list[float]]]]) -> int:
    """Adds the numbers of training iterations to `parts`; how many iterations these are."""
    trained = rows.iterations >= 0
    where = rows.iterations[trained].tolist()
    if where and rows.schema.columns:
        for i, column in enumerate(rows.schema.columns):
            if column.kind != "digest":
                words = np.ascontiguousarray(rows.words[trained, i])
                values = words.view(np.int64 if column.kind == "i8" else np.float64)
                parts.setdefault((column.stage, column.name), []).append((where, values.astype(np.float64).tolist()))
    return len(where) if rows.schema.columns else 0
