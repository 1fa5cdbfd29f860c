"""What a rule for code declares of itself, as the rules for configs do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmigrate.compat.findings import Effect

if TYPE_CHECKING:
    from mmmigrate.converters.code.module import Module


@dataclass(frozen=True)
class CodeRule:
    """One rewrite of Python code.

    ``words`` are identifiers one of which a file must hold for the rule to be asked (a byte test; empty: always).
    ``convert`` looks at a parsed `Module` and records edits, imports and findings on it. ``structural`` rules come
    first, one by one, each on the text that the last one left; the others share one last pass over the names, so
    their edits must not overlap. ``to`` is the direction.
    """

    code: str
    title: str
    why: str
    before: str
    after: str
    effect: Effect
    reversible: bool
    words: frozenset[str]
    convert: Callable[[Module], None]
    structural: bool = True
    to: str = "v3"
