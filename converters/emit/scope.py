"""Which expressions of the old file still mean the same in the new one."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from mmmigrate.converters.read.budget import Budget, LimitError
from mmmigrate.converters.read.expressions import PYTHON_ERRORS, Evaluator
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Origin, Slot, same

_BASE_REFERENCE = re.compile(r"_base_\.([\w.]+)")
_MISSING = object()


class Scope:
    """The variables that the new file defines and the converted bases that it inherits from."""

    def __init__(self, source: Source, names: dict[str, Any], base: Mapping[str, Any], literal: bool = False) -> None:
        self.source = source
        self.names = names
        self.base = base
        self.literal = literal  # write values only, no expressions
        self._texts: dict[tuple[int, int], str | None] = {}

    def text_of(self, slot: Slot) -> str | None:
        """The slot's own expression, if evaluating it in the new file gives the slot's value; else None."""
        origin = slot.origin
        if self.literal or origin is None or origin.source is not self.source:
            return None
        key = id(origin), id(slot.value)
        if key not in self._texts:
            self._texts[key] = self._check(origin, slot.value)
        return self._texts[key]

    def _check(self, origin: Origin, expected: Any) -> str | None:
        if self.source.uses_base_config and "_base_" in origin.names:
            return self._template(origin, expected)
        try:
            value = Evaluator(self.source, dict(self.names), self.base, Budget()).value(origin.node)
        except (LimitError, *PYTHON_ERRORS):
            return None
        return self.source.segment(origin.node) if same(value, expected) else None

    def _template(self, origin: Origin, expected: Any) -> str | None:
        """``_base_.x``, which only mmengine has, as ``{{_base_.x}}``, which both libraries replace by the value."""
        reference = _BASE_REFERENCE.fullmatch(self.source.segment(origin.node))
        holds = reference is not None and same(_at(self.base, reference[1]), expected)
        return f"{{{{{reference[0]}}}}}" if reference is not None and holds else None


def base_references_hold(source: Source, node: ast.AST, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether every ``_base_.x`` in a statement means in the converted bases what it meant in the old ones."""
    paths = _BASE_REFERENCE.findall(source.segment(node))
    return all(same(_at(old, path), _at(new, path)) for path in paths)


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(tree, Mapping) or key not in tree:
            return _MISSING
        tree = tree[key]
    return tree
