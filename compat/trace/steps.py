"""A trace as steps: everything recorded under one iteration number, in order, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

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
    """Iterates `reader` step by step; once `exhausted`, `end` says how the run ended (`killed`: it could not say)."""

    def __init__(self, reader: TraceReader) -> None:
        self.reader = reader
        self.end = End("killed", "the trace breaks off: its run was killed")
        self.exhausted = False

    def __iter__(self) -> Iterator[Step]:
        step: Step | None = None
        for record in self.reader:
            if isinstance(record, End):
                self.end = record
                continue
            if step is None or record.iteration != step.iteration:
                if step is not None:
                    yield step
                step = Step(record.iteration)
            if isinstance(record, Row):
                step.row = record
            elif isinstance(record, Event):
                step.events.append(record)
            else:
                step.tensors[record.stage, record.name] = record
        if step is not None:
            yield step
        self.exhausted = True
