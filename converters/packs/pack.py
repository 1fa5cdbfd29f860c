"""A pack, read from YAML: the tables of one codebase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from mmmigrate.converters.packs.change import Change, PackError, Report, read_changes
from mmmigrate.converters.read.traced import TracedDict

_FOLDER = files("mmmigrate.converters.packs") / "data"
Table = Mapping[str, tuple[Change, ...]]
_TABLES = ("transforms", "datasets", "models")
_KEYS = {
    "name", "title", "scope", "extends", "borrows", "packages", "pipeline", "dataset", "loaders", "preprocessor",
    "evaluators", "wrappers", "runtime", "names", "variables", "back", "unscoped", *_TABLES,
}  # fmt: skip


@dataclass(frozen=True)
class Pack:
    """One codebase. ``transforms``, ``datasets`` and ``models`` say what became of each class that changed.

    ``names`` lists the classes that each generation registers (``v2``, ``v3``): a pack is chosen by the first, and
    a class that is in neither list nor a table is reported.
    """

    name: str
    title: str
    scope: str | None
    extends: Pack | None
    borrows: str | None  # the codebase whose classes it names with that codebase's scope before them
    transforms: Table
    datasets: Table
    models: Table
    pipeline: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    loaders: Mapping[str, Any] = field(default_factory=dict)
    wrappers: Mapping[str, str] = field(default_factory=dict)
    preprocessor: Mapping[str, Any] = field(default_factory=dict)
    evaluators: Mapping[str, Any] = field(default_factory=dict)
    runtime: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unscoped: frozenset[str] = frozenset()  # classes of mmcv that are meant, not the lender's of the same name
    back: Mapping[str, Any] = field(default_factory=dict)  # what the way to v2 cannot read off the way to v3

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Classes of the old codebase itself, without those of the pack that it extends."""
        return self.names.get("v2", frozenset())

    def own_of(self, side: str) -> frozenset[str]:
        """Classes that tell this codebase in one generation from that which it extends."""
        if side == "v2":
            return self.own_names
        own = self.names.get("v3", frozenset())
        return own - self.extends.v3_names if self.extends else own

    @cached_property
    def lineage(self) -> tuple[str, ...]:
        """Its name and those of the packs that it extends."""
        return (self.name, *(self.extends.lineage if self.extends else ()))

    @cached_property
    def v2_names(self) -> frozenset[str]:
        """Every class that a config of the old codebase is known to name."""
        tables = [name for table in (self.transforms, self.datasets, self.models) for name in table]
        return self.own_names.union(tables, self.extends.v2_names if self.extends else ())

    @cached_property
    def v3_names(self) -> frozenset[str]:
        """Every class that a config of the new codebase may name; empty where that is not known."""
        own = self.names.get("v3", frozenset())
        inherited = self.extends.v3_names if self.extends else frozenset()
        return own | inherited | shared_names() if own or inherited else own

    def scoped(self, name: str) -> str:
        """The name of a v3 class, with the scope of the codebase that it is borrowed from."""
        if self.borrows is None or "." in name or name in self.names.get("v3", frozenset()) or name in self.unscoped:
            return name
        lender = pack_named(self.borrows)
        lent = name in lender.names.get("v3", frozenset()) or name in lender.transforms
        return f"{lender.scope}.{name}" if lent else name

    def change(self, table: Table, node: TracedDict) -> Change | None:
        """The first change of a class that holds for this dict; None where the table does not know the class."""
        name = node.get("type")
        for change in table.get(name, ()) if isinstance(name, str) else ():
            if change.holds(node):
                return change
        return None

    def translate(self, table: Table, node: TracedDict, report: Report) -> TracedDict | None:
        """A dict in v3 terms, or None where it is to be removed."""
        change = self.change(table, node)
        if change is None:
            return node
        return None if change.remove else change.apply(node, report)


@cache
def builtin_packs() -> tuple[Pack, ...]:
    """The packs that are shipped, by name."""
    files = sorted(item.name for item in _FOLDER.iterdir() if item.name.endswith(".yaml"))
    return tuple(_builtin(name.removesuffix(".yaml")) for name in files if not name.endswith(".names.yaml"))


@cache
def _builtin(name: str) -> Pack:
    return _read(f"{name}.yaml", (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def load_pack(path: Path) -> Pack:
    """A pack of the user's own. Raises PackError for what cannot be read."""
    try:
        return _read(str(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackError(f"{path}: {error.strerror}") from error


def pack_named(name: str) -> Pack:
    """A shipped pack. Raises PackError with the names there are."""
    if not name.isidentifier() or not (_FOLDER / f"{name}.yaml").is_file():
        raise PackError(f"no pack is called {name!r}; there are {', '.join(pack.name for pack in builtin_packs())}")
    return _builtin(name)


def _read(where: str, text: str) -> Pack:
    try:
        said = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise PackError(f"{where}: not valid YAML: {error}") from error
    if not isinstance(said, dict) or "name" not in said:
        raise PackError(f"{where}: a pack is a mapping with a name")
    unknown = set(said) - _KEYS
    if unknown:
        raise PackError(f"{where}: unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(_KEYS))}")
    return _made(where, said, pack_named(said["extends"]) if "extends" in said else None)


def _made(where: str, said: Mapping[str, Any], parent: Pack | None) -> Pack:
    tables: dict[str, Table] = {}
    for table in _TABLES:
        inherited = getattr(parent, table) if parent else {}
        own = {name: read_changes(entry, f"{where}: {table}.{name}") for name, entry in (said.get(table) or {}).items()}
        tables[table] = {**inherited, **own}
    plain = (
        "pipeline",
        "dataset",
        "loaders",
        "wrappers",
        "preprocessor",
        "evaluators",
        "runtime",
        "packages",
        "variables",
    )
    merged = {key: {**(getattr(parent, key) if parent else {}), **(said.get(key) or {})} for key in plain}
    names = {side: frozenset(listed) for side, listed in (said.get("names") or _names(said["name"])).items()}
    scope = said.get("scope") or (parent.scope if parent else None)
    no_way_back = "back" in said and said["back"] is None  # what the parent says would be wrong here
    back = {} if no_way_back else _back(where, said.get("back") or {}, parent)
    fields: dict[str, Any] = {**tables, **merged, "back": back}
    unscoped = frozenset(said.get("unscoped", ()))
    title = said.get("title", said["name"])
    return Pack(said["name"], title, scope, parent, said.get("borrows"), names=names, unscoped=unscoped, **fields)


def _back(where: str, said: Mapping[str, Any], parent: Pack | None) -> dict[str, Any]:
    unknown = set(said) - {*_TABLES, "pipeline", "evaluation", "preprocessor", "dataset"}
    if unknown:
        raise PackError(f"{where}: back: unknown {', '.join(sorted(unknown))}")
    inherited = parent.back if parent else {}
    made: dict[str, Any] = {key: {**inherited.get(key, {}), **(said.get(key) or {})} for key in {*inherited, *said}}
    for table in _TABLES:
        own = {
            name: read_changes(entry, f"{where}: back.{table}.{name}")
            for name, entry in (said.get(table) or {}).items()
        }
        made[table] = {**inherited.get(table, {}), **own}
    return made


@cache
def shared_names() -> frozenset[str]:
    """What mmengine and mmcv 2 register for every codebase."""
    return frozenset(_names("common")["v3"])


def _names(pack: str) -> dict[str, list[str]]:
    file = _FOLDER / f"{pack}.names.yaml"
    if not file.is_file():
        return {}
    listed = yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {side: text.split() for side, text in listed.items()}
