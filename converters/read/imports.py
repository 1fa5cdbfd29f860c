"""What an import in a config binds: pure stand-ins of the standard library, names of all other code, base configs."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from typing import Any

from mmmigrate.converters.read.modules import MODULES, is_standard
from mmmigrate.converters.read.traced import Slot, TracedConfig, TracedDict, deep_copy
from mmmigrate.converters.read.values import Symbol

# What `with read_base(): from ..x import *` finds: the merged tree of a module, given its level, name and line.
FindBase = Callable[[int, str, int], Mapping[str, Any]]


class UnknownImportError(Exception):
    """Nothing that the file itself would catch."""


class Imports:
    """The imports of one file. Nothing is ever imported: a name of other code stays a name."""

    def __init__(self, find_base: FindBase | None = None) -> None:
        self.find_base = find_base
        self.bound: set[str] = set()
        self.is_uncertain = False

    def uncertain(self) -> Imports:
        """The same where a missing module would be caught: then a module that is not known decides what happens."""
        inside = copy.copy(self)
        inside.is_uncertain = True
        return inside

    def modules(self, node: ast.Import, env: dict[str, Any]) -> None:
        """``import a.b as c``."""
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            path = alias.name if alias.asname else name
            env[name] = self._certain(path, _module(path))
            if isinstance(env[name], Symbol):
                self.bound.add(name)

    def members(self, node: ast.ImportFrom, env: dict[str, Any]) -> None:
        """``from a import b``."""
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                raise TypeError(f"from {module} import * is allowed under read_base() only")
            name = alias.asname or alias.name
            env[name] = self._certain(module, _member(module, alias.name))
            if not (module in MODULES or is_standard(module)):
                self.bound.add(name)

    def _certain(self, module: str, found: Any) -> Any:
        if self.is_uncertain and isinstance(found, Symbol):
            raise UnknownImportError(
                f"whether {module} can be imported decides what this says; write the value, or convert with --trust"
            )
        return found

    def read_base(self, node: ast.With, env: dict[str, Any]) -> None:
        """``with read_base():``, the only block of its kind in a config."""
        call = node.items[0].context_expr
        if len(node.items) > 1 or not (
            isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "read_base"
        ):
            raise TypeError("only `with read_base():` may stand in a config")
        if self.find_base is None:
            raise TypeError("read_base() belongs to a file, which this text is not")
        for statement in node.body:
            if not isinstance(statement, ast.ImportFrom) or not statement.module:
                raise TypeError(f"line {statement.lineno}: only `from module import …` may stand under read_base()")
            base = self.find_base(statement.level, statement.module, statement.lineno)
            for alias in statement.names:
                self._take(base, alias, statement, env)

    def _take(self, base: Mapping[str, Any], alias: ast.alias, node: ast.ImportFrom, env: dict[str, Any]) -> None:
        own = TracedConfig(
            (key, Slot(deep_copy(slot.value), slot.origin))
            for key, slot in (base if isinstance(base, TracedDict) else TracedDict(base)).slots()
            if alias.name in ("*", key)
        )
        if alias.name != "*" and not own:
            raise NameError(f"line {node.lineno}: {node.module} defines no {alias.name!r}")
        for key, slot in own.slots():
            name = key if alias.name == "*" else alias.asname or key
            env.put(name, slot) if isinstance(env, TracedDict) else env.__setitem__(name, slot.value)


def _module(path: str) -> Any:
    if path in MODULES:
        return MODULES[path]
    if is_standard(path):
        raise TypeError(f"the module {path}: it would be executed; write the value, or convert with --trust")
    return Symbol(path)


def _member(module: str, name: str) -> Any:
    if module in MODULES:
        return MODULES[module].member(name)
    if is_standard(module):
        raise TypeError(f"the module {module}: it would be executed; write the value, or convert with --trust")
    if f"{module}.{name}" == "mmengine.config.read_base":
        return Symbol("mmengine.config.read_base")
    return Symbol(f"{module.lstrip('.')}.{name}" if module.strip(".") else name)
