"""The steps of a trace: everything recorded under one iteration number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.compat.trace.chunks import EMPTY, Beside
from mmmigrate.compat.trace.decoding import Rows
from mmmigrate.compat.trace.format import End, Event, Row, TensorRecord
from mmmigrate.compat.trace.reader import TraceReader


@dataclass(slots=True)
class Step:
    iteration: int
    row: Row | None = None
    events: list[Event] = field(default_factory=list)
    tensors: dict[tuple[str, str], TensorRecord] = field(default_factory=dict)

    def happenings(self) -> dict[tuple[str, str, int], dict[str, Any]]:
        """The events by stage, name and occurrence (0 for the first of that name).

        A checkpoint written twice counts once: mmengine saves the last one again to note the best score in it.
        """
        found: dict[tuple[str, str, int], dict[str, Any]] = {}
        for event in self.events:
            if event.stage == "hooks":  # the generations call other hooks in another order
                continue
            occurrence = 0
            while event.stage != "checkpoint" and (event.stage, event.name, occurrence) in found:
                occurrence += 1
            found[event.stage, event.name, occurrence] = event.values
        return found


class Steps:
    """What is still to be read of a trace: rows of one schema at a time, and what is beside them by iteration.

    Once `exhausted`, `end` says how the run ended (`killed`: it could not say).
    """

    def __init__(self, reader: TraceReader) -> None:
        self.reader = reader
        self.end = End("killed", "the trace breaks off: its run was killed")
        self.exhausted = False
        self.beside: dict[int, Beside] = {}
        self._chunks = reader.chunks()
        self._parts: deque[Rows] = deque()

    def head(self) -> Rows | None:
        """The next rows of one schema; None at the end."""
        while not self._parts and not self.exhausted:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.exhausted = True
                break
            self._parts.extend(chunk.parts)
            self.beside.update(chunk.beside)
            self.end = chunk.end or self.end
        return self._parts[0] if self._parts else None

    def take(self, count: int) -> None:
        """Goes on behind the first `count` of the next rows."""
        rows = self._parts.popleft()
        if count < len(rows):
            self._parts.appendleft(rows[count:])
        for iteration in rows.iterations[:count].tolist() if self.beside else ():
            self.beside.pop(iteration, None)

    def step(self, rows: Rows, index: int) -> Step:
        """Everything of one of the next rows."""
        iteration = int(rows.iterations[index])
        beside = self.beside.get(iteration) or Beside()
        row = None if rows.schema is EMPTY else rows.row(index)
        return Step(iteration, row, beside.events, beside.tensors)

    def __iter__(self) -> Iterator[Step]:
        while (rows := self.head()) is not None:
            for index in range(len(rows)):
                yield self.step(rows, index)
            self.take(len(rows))
