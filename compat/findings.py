"""What a conversion has to say about one place of one file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any


class Effect(str, Enum):
    """What a rewrite does to training, from harmless to impossible."""

    EXACT = "exact"  # training is bit-identical
    MEASURED = "measured"  # it deviates by an amount that is stated
    MANUAL = "manual"  # a person must decide or do something
    ERROR = "error"  # the file could not be converted


NOT_WRITTEN = "WRT001"  # the code of a file that could not be written


@dataclass(frozen=True, order=True)
class Finding:
    """One message with its place.

    ``line`` and ``column`` are 1-based; 0 means that the whole file is meant.
    """

    path: str
    line: int
    column: int
    code: str
    effect: Effect
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.code} [{self.effect.value}] {self.message}"

    def as_json(self) -> dict[str, Any]:
        """The finding as ``cli.md`` lays it down; the path stands on the file's own entry."""
        fields = asdict(self)
        del fields["path"]
        fields["effect"] = self.effect.value
        return fields


class ConversionError(Exception):
    """A file that cannot be converted: carries the finding that says where, what was found and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding
