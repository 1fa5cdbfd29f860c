"""JSON with places: every string value of a document and where it stands, so that one can be replaced alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = JSONDecoder(strict=False)
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity")


@dataclass
class Placed:
    """A value of a document. ``value`` is a str, a dict or list of `Placed`, or None for another scalar."""

    start: int
    end: int
    value: Any = None

    def get(self, key: str) -> Placed | None:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> list[Placed]:
        return self.value if isinstance(self.value, list) else []


@dataclass
class PlacedDocument:
    """Raises json.JSONDecodeError where the text is not JSON."""

    text: str
    root: Placed = field(init=False)

    def __post_init__(self) -> None:
        self.root = self._value(self._space(0))
        end = self._space(self.root.end)
        if end != len(self.text):
            raise JSONDecodeError("extra data", self.text, end)

    def _space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _value(self, at: int) -> Placed:
        first = self.text[at : at + 1]
        if first == '"':
            value, end = _STRING.raw_decode(self.text, at)
            return Placed(at, end, value)
        if first in ("{", "["):
            return self._container(at, first)
        match = _SCALAR.match(self.text, at)
        if match is None:
            raise JSONDecodeError("expected a value", self.text, at)
        return Placed(at, match.end())

    def _container(self, start: int, bracket: str) -> Placed:
        closing, at = ("}" if bracket == "{" else "]"), self._space(start + 1)
        found: dict[str, Placed] = {}
        values: list[Placed] = []
        while self.text[at : at + 1] != closing:
            key = ""
            if bracket == "{":
                if self.text[at : at + 1] != '"':
                    raise JSONDecodeError("expected a key", self.text, at)
                key, at = _STRING.raw_decode(self.text, at)
                at = self._expect(":", at)
            value = self._value(at)
            found[key] = value
            values.append(value)
            at = self._space(value.end)
            if self.text[at : at + 1] != closing:
                at = self._expect(",", at)
        return Placed(start, at + 1, found if bracket == "{" else values)

    def _expect(self, character: str, at: int) -> int:
        at = self._space(at)
        if self.text[at : at + 1] != character:
            raise JSONDecodeError(f"expected {character!r}", self.text, at)
        return self._space(at + 1)
