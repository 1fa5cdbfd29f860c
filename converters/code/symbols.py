"""What became of every public name: tables of the packs, looked up by full name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PACKS = Path(__file__).parent / "packs"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Symbol:
    """One public name of a v2 library, under its shortest path.

    ``new`` is its full name in the new generation, equal to ``path`` where it stays, None where it is gone.
    ``bridge`` is a name of ours that does the same as before, for what is gone. ``note`` says what differs or what
    to do instead. ``bases`` are the library's classes that a class derives from, ``keywords`` arguments that
    have another name now. A builder's new name is a method of a registry, which takes the config alone.
    """

    path: str
    new: str | None
    note: str = ""
    bridge: str | None = None
    bases: tuple[str, ...] = ()
    keywords: dict[str, str] = field(default_factory=dict)
    is_builder: bool = False

    @property
    def status(self) -> str:
        """``kept``, ``moved`` or ``gone``."""
        return "gone" if self.new is None else "kept" if self.new == self.path else "moved"

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]


@dataclass
class Symbols:
    """All packs together."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    modules: dict[str, str | None] = field(default_factory=dict)  # v2 module -> its v3 module, None if it was split
    reexports: dict[str, list[str]] = field(default_factory=dict)  # module -> those whose names it has too
    roots: frozenset[str] = frozenset()  # top-level packages that have a pack, loaded or not
    shortcuts: dict[str, str] = field(default_factory=dict)  # module of a new library -> the library that has its names
    registered: dict[str, frozenset[str]] = field(default_factory=dict)  # registry -> names that the new library takes
    backwards: bool = False  # names of the new generation; not every module of it is listed
    _loaded: set[str] = field(default_factory=set)
    _found: dict[str, tuple[Symbol, int] | None] = field(default_factory=dict)
    _last_names: dict[str, list[Symbol]] = field(default_factory=dict)

    def load(self, path: str) -> bool:
        """Reads the pack of the library that a full name begins with; False if there is none."""
        root = path.partition(".")[0]
        if root in self.roots and root not in self._loaded and not self.backwards:
            self._loaded.add(root)
            _add(self, yaml.load((PACKS / f"{root}.yaml").read_text(encoding="utf-8"), _Loader))
            self._last_names.clear()
        return root in self.roots

    def get(self, path: str) -> Symbol | None:
        """The symbol that a full name is, also by the module that defines it: ``mmcv.runner.hooks.hook.Hook``."""
        if not self.load(path):
            return None
        found = self.symbols.get(path)
        if found is not None:
            return found
        module, _, name = path.rpartition(".")
        while module in self.modules or (self.backwards and "." in module):
            for home in (module, *self.reexports.get(module, ())):
                found = self.symbols.get(f"{home}.{name}")
                if found is not None:
                    return found
            module = module.rpartition(".")[0]
        return self._by_last_name(path)

    def _by_last_name(self, path: str) -> Symbol | None:
        """For a name that a module merely imports from a sibling: the only symbol of the library with that name."""
        home, _, name = path.rpartition(".")
        if home not in self.modules or home.count(".") == 0 or self.backwards:
            return None
        if not self._last_names:
            for symbol in self.symbols.values():
                self._last_names.setdefault(symbol.name, []).append(symbol)
        top = f"{path.partition('.')[0]}."
        alike = [symbol for symbol in self._last_names.get(name, ()) if symbol.path.startswith(top)]
        return alike[0] if len(alike) == 1 else None

    def lookup(self, path: str) -> tuple[Symbol, int] | None:
        """The symbol at the start of a chain, and how many attributes follow it: ``mmcv.Config.fromfile`` has one."""
        if path not in self._found:
            self._found[path] = self._lookup(path)
        return self._found[path]

    def _lookup(self, path: str) -> tuple[Symbol, int] | None:
        parts = path.split(".")
        for end in range(2, len(parts) + 1):
            start = ".".join(parts[:end])
            symbol = self.get(start)
            # `mmcv.parallel.collate` is a function and the module that has it: in a longer chain it is the module
            if symbol is not None and (end == len(parts) or start not in self.modules):
                return symbol, len(parts) - end
        return None

    def home(self, path: str) -> str:
        """The longest start of a full name that is a module of the table; empty if there is none."""
        while path and path not in self.modules:
            path = path.rpartition(".")[0]
        return path

    def stays(self, module: str) -> bool:
        """Whether the new generation has a module under the same name."""
        return self.modules.get(module) == module

    def public(self, module: str) -> list[str]:
        """The names that a star import of a module binds."""
        self.load(module)
        names: list[str] = []
        for home in (module, *self.reexports.get(module, ())):
            length = len(home) + 1
            names += [
                path[length:] for path in self.symbols if path.startswith(f"{home}.") and "." not in path[length:]
            ]
        return names

    def ancestors(self, path: str) -> tuple[str, ...]:
        """A library class and those that it derives from."""
        symbol = self.get(path)
        return (symbol.path, *symbol.bases) if symbol else ()


@cache
def v2_symbols() -> Symbols:
    """What the packs say of the names of v2 libraries; each is read when a name of its library comes up."""
    return Symbols(roots=frozenset(file.stem for file in PACKS.glob("*.yaml")))


@cache
def v3_symbols() -> Symbols:
    """The way back: names of mmengine, and of our own that stand in for what is gone, with their name in mmcv 1.x.

    Several old names may have become one (the registries of layers): the one of the same name is taken.
    """
    old = v2_symbols()
    old.load("mmcv")
    bridged = yaml.load((PACKS / "back" / "mmengine.yaml").read_text(encoding="utf-8"), _Loader)
    table = Symbols(roots=frozenset({"mmengine", "mmmigrate"}), backwards=True)
    for module, library in old.shortcuts.items():
        table.reexports.setdefault(library, []).append(module)
    for module, new in sorted(old.modules.items(), key=lambda item: item[0].count(".")):
        if new and new.startswith("mmengine"):
            table.modules.setdefault(new, module)
    table.modules["mmengine"] = None
    table.shortcuts = dict.fromkeys(old.reexports["mmcv"], "mmcv")
    ordered = sorted(
        old.symbols.values(), key=lambda item: (not (item.new or "").endswith(f".{item.name}"), item.path.count("."))
    )
    for symbol in ordered:
        new = symbol.new or symbol.bridge
        if symbol.path.startswith("mmcv.") and new and new.partition(".")[0] in table.roots:
            keywords = {after: before for before, after in symbol.keywords.items()}
            note = f"in v3 it {symbol.note}" if symbol.note and symbol.new else ""
            table.modules.setdefault(new.rpartition(".")[0], None)
            bases = tuple(found.new for found in map(old.get, symbol.bases) if found and found.new)
            table.symbols.setdefault(new, Symbol(new, symbol.path, note, bases=bases, keywords=keywords))
    for path, bridge in _spread(bridged):
        home = path.rpartition(".")[0]
        table.modules.setdefault(home, None)
        bases = _BASES_OF_V3.get(path, ("mmengine.hooks.Hook",) if home == "mmengine.hooks" else ())
        table.symbols.setdefault(path, Symbol(path, None, _ONLY_V3, bridge, bases))
    _add_stand_ins(table, old)
    return table


_BASES_OF_V3 = {"mmengine.model.BaseTTAModel": ("mmengine.model.BaseModel",)}
_ONLY_V3 = "mmcv 1.x has nothing like it"
_LOOPS = {
    "mmmigrate.compat.adapters.evaluation": {
        "EvaluationHook": "Hook",
        "EvalHook": "EvalHook",
        "DistEvalHook": "DistEvalHook",
    },
    "mmmigrate.compat.adapters.runner_loop": {name: name for name in ("EpochBasedRunner", "IterBasedRunner", "Runner")},
}
BRIDGES = ("mmmigrate.compat.adapters.v2", "mmmigrate.compat.adapters.updater")  # they have mmcv's names, see there


def _add_stand_ins(table: Symbols, old: Symbols) -> None:
    """Names that a conversion to v3 took from the bridges: those of mmcv.runner before others."""
    for module, names in _LOOPS.items():
        table.modules.setdefault(module, None)
        for name, v2_name in names.items():
            symbol = old.symbols[f"mmcv.runner.{v2_name}"]
            table.symbols[f"{module}.{name}"] = Symbol(f"{module}.{name}", symbol.path, bases=symbol.bases)
    places = sorted(old.symbols.values(), key=lambda item: not item.path.startswith("mmcv.runner."))
    for symbol in places:
        if symbol.path.startswith("mmcv."):
            for bridge in BRIDGES[: 1 + symbol.name.endswith("UpdaterHook")]:
                path = f"{bridge}.{symbol.name}"
                table.modules.setdefault(bridge, None)
                table.symbols.setdefault(path, Symbol(path, symbol.path, bases=symbol.bases))


def symbols_to(generation: str) -> Symbols:
    """The table for converting to a generation: ``v3`` or ``v2``."""
    return v2_symbols() if generation == "v3" else v3_symbols()


def _add(table: Symbols, pack: dict[str, Any]) -> None:
    """One pack: ``modules``, and for each module its names by what became of them."""
    for module, new in (pack.get("modules") or {}).items():
        table.modules[module] = module if new == "same" else new
    table.reexports.update(pack.get("reexports") or {})
    table.registered.update({path: frozenset(names) for path, names in (pack.get("registered") or {}).items()})
    for library, modules in (pack.get("shortcuts") or {}).items():
        table.shortcuts.update(dict.fromkeys(modules, library))
    notes, keywords, bases = (pack.get(key) or {} for key in ("notes", "keywords", "bases"))
    bridges = dict(_spread(pack.get("bridges") or {}))
    kept = {module: {module: names} for module, names in (pack.get("kept") or {}).items()}
    found = [*_spread(kept), *_spread(pack.get("moved") or {}), *dict.fromkeys(pack.get("gone") or {}).items()]
    gone, builders = pack.get("gone") or {}, pack.get("builders") or {}
    for path, new in [*found, *builders.items()]:
        note = notes.get(path) or gone.get(path) or ("" if new else "there is nothing of that name in the new package")
        table.modules.setdefault(path.rpartition(".")[0], None)
        extra = (bridges.get(path), tuple(bases.get(path, ())), keywords.get(path, {}), path in builders)
        table.symbols[path] = Symbol(path, new, note, *extra)


def _spread(table: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """``{module: {target: [name] or {name: new name}}}`` as pairs of full names."""
    for module, targets in table.items():
        for target, names in targets.items():
            pairs = names.items() if isinstance(names, dict) else ((name, name) for name in names)
            for name, new in pairs:
                yield f"{module}.{name}", f"{target}.{new}"
