"""The two ways a config can be converted: which translation, and which old keys a new one is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.reverse import engine as reverse_engine
from mmmigrate.converters.rules import engine
from mmmigrate.converters.rules.experiment import Note, Options
from mmmigrate.converters.style import idiomatic


@dataclass(frozen=True)
class Translation:
    """What a merged config means in the other generation, and what there is to say about it."""

    tree: TracedDict
    notes: list[Note]


@dataclass(frozen=True)
class Direction:
    """``translate`` raises Rejected for a config that its own generation refuses."""

    translate: Callable[[TracedDict, Options], Translation]
    sources_of: Callable[[str], tuple[str, ...]]


def direction(to: str) -> Direction:
    """The direction that ends in generation ``to`` (``v3`` or ``v2``)."""
    return _DIRECTIONS[to]


def _forward(tree: TracedDict, options: Options) -> Translation:
    exp = engine.translate(tree, options)
    return Translation(idiomatic(exp.v3) if options.style == "idiomatic" else exp.v3, exp.notes)


def _backward(tree: TracedDict, options: Options) -> Translation:
    reversal = reverse_engine.translate(tree, options)
    return Translation(reversal.v2, reversal.notes)


_DIRECTIONS = {"v3": Direction(_forward, engine.sources_of), "v2": Direction(_backward, reverse_engine.sources_of)}
