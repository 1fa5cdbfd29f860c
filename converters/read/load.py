"""A config file with its chain of bases, each file read once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmmigrate.compat.findings import ConversionError, Effect, Finding
from mmmigrate.converters.merge.inherit import InheritError, merge, union
from mmmigrate.converters.read.source import Source, read_source
from mmmigrate.converters.read.statements import Statement, run_module
from mmmigrate.converters.read.traced import TracedDict

_RESERVED = ("_base_", "_deprecation_")


@dataclass(eq=False)
class ConfigFile:
    """One file as it stands: what it defines itself, and the files it inherits from."""

    source: Source
    own: TracedDict  # its variables that are config keys, `_base_` excluded
    statements: list[Statement]
    base_paths: list[str]  # as written
    bases: list[ConfigFile]

    @property
    def path(self) -> Path:
        return self.source.path

    @cached_property
    def base(self) -> TracedDict:
        """All bases merged into one tree. Raises ConversionError (CFG005) for a key that two of them have."""
        tree, twice = union(file.merged for file in self.bases)
        if twice:
            self.source.fail(
                "CFG005", f"two of its bases define {', '.join(twice)}, which mmcv refuses", *self.base_place
            )
        return tree

    @cached_property
    def merged(self) -> TracedDict:
        """The whole experiment. Raises ConversionError (CFG006) where the child cannot inherit."""
        return inherit(self.source, self.own, self.base)

    @property
    def base_place(self) -> tuple[int, int]:
        for statement in self.statements:
            if "_base_" in statement.writes:
                return statement.first_line, 1
        return 0, 0


def inherit(source: Source, own: Mapping[Any, Any], base: Mapping[Any, Any]) -> TracedDict:
    """`merge` with the place of what cannot be merged."""
    try:
        return merge(own, base)
    except InheritError as error:
        origin = error.slot.origin
        line, column = (origin.line, origin.column) if origin and origin.source is source else (0, 0)
        source.fail("CFG006", str(error), line, column)


class Loader:
    """Reads config files and keeps them: a base shared by a thousand configs is parsed once."""

    def __init__(self) -> None:
        self._files: dict[Path, ConfigFile | ConversionError] = {}
        self._reading: list[Path] = []

    def load(self, path: Path) -> ConfigFile:
        """Raises ConversionError for what cannot be read, parsed, evaluated or inherited."""
        key = path.resolve()
        if key in self._reading:
            chain = " -> ".join(item.name for item in [*self._reading[self._reading.index(key) :], key])
            finding = Finding(str(path), 0, 0, "CFG007", Effect.ERROR, f"inherits from itself: {chain}")
            raise ConversionError(finding)
        if key not in self._files:
            self._reading.append(key)
            try:
                self._files[key] = self._read(path)
            except ConversionError as error:
                self._files[key] = error
            finally:
                self._reading.pop()
        found = self._files[key]
        if isinstance(found, ConversionError):
            raise found
        return found

    def _read(self, path: Path) -> ConfigFile:
        if path.suffix != ".py":
            kind = path.suffix or "no suffix"
            finding = Finding(str(path), 0, 0, "CFG002", Effect.ERROR, f"only .py configs are converted, not {kind}")
            raise ConversionError(finding)
        return parse(read_source(path), self._load_base)

    def _load_base(self, child: Source, written: str, line: int) -> ConfigFile:
        path = Path(os.path.normpath(child.path.parent / written))
        if not path.is_file():
            child.fail("CFG002", f"its base {written!r} is not a file (looked for {path})", line, 1)
        return self.load(path)


def parse(source: Source, load_base: Callable[[Source, str, int], ConfigFile]) -> ConfigFile:
    """Evaluate one file after its bases, which ``load_base(source, path as written, line)`` gives."""
    written, line = _base_entries(source)
    bases = [load_base(source, entry, line) for entry in written]
    file = ConfigFile(source, TracedDict(), [], written, bases)
    module = run_module(source, file.base)
    file.statements = module.statements
    for name, slot in module.names.slots():
        if not name.startswith("__") and name not in _RESERVED:
            file.own.put(name, slot)
    return file


def _base_entries(source: Source) -> tuple[list[str], int]:
    """What ``_base_`` says. It is read before the rest, since the rest may refer to the bases."""
    for index, node in enumerate(source.tree.body):
        targets = [getattr(target, "id", None) for target in getattr(node, "targets", [])]
        if "_base_" in targets:
            names = run_module(source.only(*source.tree.body[: index + 1]), {}).names
            value = names["_base_"]
            entries = value if isinstance(value, list) else [value]
            if not all(isinstance(entry, str) for entry in entries):
                source.fail_at("CFG003", "_base_ must be a path or a list of paths", node)
            return list(entries), node.lineno
    return [], 0
