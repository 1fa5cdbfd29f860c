"""A node that several keys of a config share is translated once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Once(Generic[Result]):
    """Remembers what ``translate`` made of a node, for training and for tests. Nodes are told apart by identity."""

    def __init__(self, translate: Callable[[Any, bool], Result]) -> None:
        self._translate = translate
        self._made: dict[tuple[int, bool], Result] = {}
        self._kept: list[Any] = []  # a node that goes away would give its id to another

    def of(self, node: Any, training: bool) -> Result:
        """What the node becomes; translated now if it was not before."""
        key = id(node), training
        if key not in self._made:
            self._kept.append(node)
            self._made[key] = self._translate(node, training)
        return self._made[key]

    def found(self, node: Any) -> Result | None:
        """What the node became before, for training or for tests."""
        return self._made.get((id(node), True)) or self._made.get((id(node), False))
