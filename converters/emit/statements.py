"""Which statements of a file stay as they are, and which v3 keys have to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmmigrate.converters.emit.scope import base_references_hold
from mmmigrate.converters.merge.inherit import InheritError, merge
from mmmigrate.converters.read.load import ConfigFile
from mmmigrate.converters.read.statements import Statement
from mmmigrate.converters.read.traced import TracedDict, same


@dataclass(frozen=True)
class Division:
    """Indices of the statements that are kept, and the keys whose value the kept ones do not give."""

    kept: frozenset[int]
    written: tuple[str, ...]


def divide(file: ConfigFile, tree: TracedDict, base: Mapping[str, Any], flatten: bool) -> Division:
    """Keep every statement that still means the right thing on top of the converted bases; write the rest anew."""
    wrong = {key for key in file.own if key not in tree or not _gives(file.own, key, tree, base)}
    if file.pure_python:  # nothing of a pure-Python config means anything in the other generation
        return _all_anew(file, tree, base, flatten)
    dropped = {
        index
        for index, statement in enumerate(file.statements)
        if not base_references_hold(file.source, statement.node, file.base, base)
        or (file.source.uses_base_config and "_base_" in statement.reads)
        or (flatten and "_base_" in statement.writes)
    }
    names = wrong | {name for index in dropped for name in file.statements[index].writes} - {"_base_"}
    while True:
        more = {
            index for index, statement in enumerate(file.statements) if names & (statement.writes | statement.reads)
        }
        more |= _same_lines(file.statements, more | dropped)
        more_names = names | {name for index in more for name in file.statements[index].writes} - {"_base_"}
        if more <= dropped and more_names == names:
            break
        dropped |= more
        names = more_names
    missing = [key for key in tree if key not in file.own and (key not in base or not same(tree[key], base[key]))]
    written = [key for key in file.own if key in names and key in tree and not _inherited(key, tree, base)] + missing
    return Division(frozenset(range(len(file.statements))) - dropped, tuple(written))


def _all_anew(file: ConfigFile, tree: TracedDict, base: Mapping[str, Any], flatten: bool) -> Division:
    written = [key for key in tree if not _inherited(key, tree, base)]
    return Division(frozenset(), (*(("_base_",) if file.imports and not flatten else ()), *written))


def _gives(own: TracedDict, key: str, tree: TracedDict, base: Mapping[str, Any]) -> bool:
    try:
        merged = merge({key: own[key]}, {key: base[key]} if key in base else {})
    except InheritError:
        return False
    return same(merged[key], tree[key])


def _inherited(key: str, tree: TracedDict, base: Mapping[str, Any]) -> bool:
    return key in base and same(tree[key], base[key])


def _same_lines(statements: list[Statement], chosen: set[int]) -> set[int]:
    """Statements that share a line with a chosen one (``a = 1; b = 2``): they go together."""
    lines = {line for index in chosen for line in (statements[index].first_line, statements[index].last_line)}
    return {i for i, statement in enumerate(statements) if {statement.first_line, statement.last_line} & lines}
