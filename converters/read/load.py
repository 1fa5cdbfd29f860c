"""A config file with its chain of bases, each file read once."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.generation import generation_of
from mmmigrate.converters.merge.inherit import InheritError, merge, union
from mmmigrate.converters.read.bases import base_writers, module_path, resolve, with_scope
from mmmigrate.converters.read.data import DATA_SUFFIXES, data_tree, fill_data
from mmmigrate.converters.read.imports import Imports
from mmmigrate.converters.read.source import Source, read_source, refuse
from mmmigrate.converters.read.statements import Module, Statement, run_module
from mmmigrate.converters.read.traced import TracedDict, plain
from mmmigrate.converters.read.values import is_setting
from mmmigrate.converters.recent import Recent

RESERVED = ("_base_", "_deprecation_")
SUFFIXES = (".py", *DATA_SUFFIXES)
KEPT = 256  # files whose trees stay in memory: the bases of one folder, and some of its configs
MAX_CHAIN = 50


@dataclass(eq=False)
class ConfigFile:
    """One file as it stands: what it defines itself, and the files it inherits from."""

    source: Source
    own: TracedDict  # its variables that are config keys, `_base_` excluded
    statements: list[Statement]
    base_paths: list[str]  # as written
    bases: list[ConfigFile]
    imports: list[tuple[int, str]] = field(default_factory=list)  # level and module under `read_base()`
    key: str = ""  # its path without links, by which it is known
    pure_python: bool = False  # it imports what it names, as only mmengine's pure-Python configs do
    imported_bases: list[ConfigFile] = field(default_factory=list)  # what those are; `own` has their keys

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
    def is_data(self) -> bool:
        """Whether it is YAML or JSON."""
        return self.path.suffix in DATA_SUFFIXES

    @property
    def inherited(self) -> list[ConfigFile]:
        """The files it inherits from, whichever way it names them."""
        return self.bases or self.imported_bases

    @property
    def imported_paths(self) -> list[str]:
        """The files under `read_base()` as entries of ``_base_``."""
        paths = dict.fromkeys((level, module) for level, module in self.imports)
        return [
            f"{'./' if level == 1 else '../' * (level - 1)}{module.replace('.', '/')}.py" for level, module in paths
        ]

    @property
    def only_v3(self) -> str:
        """Why v2 could not name its bases; empty where it can."""
        if any("::" in path for path in self.base_paths) or any(level == 0 for level, _ in self.imports):
            return "a base lies in another package"
        return ""

    @property
    def generation(self) -> str | None:
        """``v2``, ``v3``, or None: by its keys, or by ways to inherit that only mmengine has."""
        if self.pure_python or self.source.uses_base_config or any("::" in path for path in self.base_paths):
            return "v3"
        return generation_of(self.merged)

    def in_scope(self, scope: str) -> ConfigFile:
        """The same file as a base of a config of another package: its dicts carry the registry scope."""
        scoped = replace(self)
        scoped.__dict__["merged"] = with_scope(self.merged, scope)
        return scoped

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
    """Reads config files and keeps the last ones: a base shared by a thousand configs is parsed once."""

    def __init__(self, trust: bool = False) -> None:
        self.trust = trust
        self._files: Recent[ConfigFile | ConversionError] = Recent(KEPT)
        self._scoped: Recent[ConfigFile] = Recent(KEPT)
        self._reading: list[str] = []

    def load(self, path: Path) -> ConfigFile:
        """Raises ConversionError for what cannot be read, parsed, evaluated or inherited."""
        try:
            key = os.path.realpath(path)
        except (OSError, ValueError) as error:
            refuse(path, "CFG002", f"is no path: {error}")
        if key in self._reading:
            chain = [*self._reading[self._reading.index(key) :], key]
            refuse(path, "CFG007", f"inherits from itself: {' -> '.join(map(os.path.basename, chain))}")
        if len(self._reading) > MAX_CHAIN:
            refuse(path, "CFG004", f"a chain of more than {MAX_CHAIN} bases")
        found = self._files.get(key)
        if found is None:
            self._reading.append(key)
            try:
                found = self._files.put(key, self._read(path, key))
            except ConversionError as error:
                found = self._files.put(key, error)
            finally:
                self._reading.pop()
        if isinstance(found, ConversionError):
            raise found
        return found

    def _read(self, path: Path, key: str) -> ConfigFile:
        file = self._parse(path)
        file.key = key
        return file

    def _parse(self, path: Path) -> ConfigFile:
        if path.suffix in DATA_SUFFIXES:
            return parse_data(read_source(path), self._load_base)
        if path.suffix != ".py":
            kind = path.suffix or "no suffix"
            refuse(path, "CFG002", f"only {', '.join(SUFFIXES)} files are configs, not {kind}")
        return parse(read_source(path, self.trust), self._load_base)

    def _load_base(self, child: Source, written: str, line: int) -> ConfigFile:
        path, scope = resolve(child, written, line)
        file = self.load(path)
        if scope is None:
            return file
        key = os.path.realpath(path), scope
        return self._scoped.get(key) or self._scoped.put(key, file.in_scope(scope))


LoadBase = Callable[[Source, str, int], ConfigFile]


def parse(source: Source, load_base: LoadBase) -> ConfigFile:
    """Evaluate one file after its bases, which ``load_base(source, path as written, line)`` gives."""
    written, line = _base_entries(source)
    bases = [load_base(source, entry, line) for entry in written]
    file = ConfigFile(source, TracedDict(), [], written, bases)
    inherited: list[ConfigFile] = []

    def find_base(level: int, module: str, line: int) -> TracedDict:
        inherited.append(load_base(source, module_path(source, level, module, line), line))
        file.imports.append((level, module))
        return inherited[-1].merged

    module = run_module(source, file.base, Imports(find_base))
    file.statements = module.statements
    file.imported_bases = inherited
    file.pure_python = bool(file.imports or module.imported)
    if module.base is not None:
        file.__dict__["base"] = module.base
    file.own = settings(module)
    return file


def settings(module: Module) -> TracedDict:
    """The variables of a file that are keys of the config."""
    return TracedDict(
        (name, slot)
        for name, slot in module.names.slots()
        if not (name.startswith("__") or name in RESERVED or name in module.imported) and is_setting(slot.value)
    )


def parse_data(source: Source, load_base: LoadBase) -> ConfigFile:
    """The same for a YAML or JSON config, which has no expressions."""
    tree = data_tree(source)
    line = tree.origins["_base_"].line if "_base_" in tree.origins else 0
    written = _paths(source, tree.get("_base_", []), line)
    bases = [load_base(source, entry, line) for entry in written]
    file = ConfigFile(source, TracedDict(), [], written, bases)
    filled = fill_data(source, tree, file.base)
    file.own = TracedDict(item for item in filled.slots() if item[0] not in RESERVED)
    return file


def _base_entries(source: Source) -> tuple[list[str], int]:
    """What ``_base_`` says. It is read before the rest, since the rest may refer to the bases."""
    if "_base_" not in source.text:
        return [], 0
    writers = base_writers(source)
    if not source.lists_bases and len(writers) > 1:  # `_base_.x = 1` changes the bases, not which they are
        writers = [index for index in writers if _assigns_base(source.tree.body[index])][-1:]
    if not writers or (not source.lists_bases and not _assigns_base(source.tree.body[writers[0]])):
        return [], 0
    last = source.tree.body[writers[-1]]
    names = run_module(source.only(*source.tree.body[: writers[-1] + 1]), {}).names
    if "_base_" not in names:
        return [], 0
    return _paths(source, names["_base_"], last.lineno), last.lineno


def _assigns_base(node: ast.stmt) -> bool:
    """Whether the name itself is bound, at any depth of the statement."""
    return any(
        isinstance(inner, ast.Name) and inner.id == "_base_" and isinstance(inner.ctx, ast.Store)
        for inner in ast.walk(node)
    )


def _paths(source: Source, value: Any, line: int) -> list[str]:
    entries = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(entry, str) for entry in entries):
        source.fail("CFG003", "_base_ must be a path or a list of paths", line, 1)
    return list(entries)


def read_tree(path: Path) -> dict[str, Any]:
    """What a config means together with its bases, as plain values. Raises ConversionError."""
    tree: dict[str, Any] = plain(Loader().load(path).merged)
    return tree
