"""Pure-Python configs: bases imported under `with read_base():`, everything else imported lazily."""

from __future__ import annotations

import ast
import re
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmmigrate.compat.aliases import import_path
from mmmigrate.compat.config import BASE_KEY
from mmmigrate.compat.packages import package_folder
from mmmigrate.runtime_v3.config.config_dict import ConfigDict
from mmmigrate.runtime_v3.config.errors import ConfigParsingError
from mmmigrate.runtime_v3.config.lazy import LazyObject, is_lazy

_MAY_BE_PYTHON = re.compile(r"^\s*(with|import|from)\b", re.MULTILINE)


@contextmanager
def read_base() -> Iterator[None]:
    """Marks the imports of base configs; the config reader takes them out, so this itself does nothing."""
    yield


def is_python_config(text: str, path: str) -> bool:
    """Whether a .py config is of the pure-Python kind: has `read_base`, or imports more than the standard library."""
    if not _MAY_BE_PYTHON.search(text):
        return False
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == BASE_KEY:
            return False
        if isinstance(node, ast.With):
            _require_read_base(node, path)
            return True
        if isinstance(node, ast.ImportFrom) and (node.level or not _is_eager(node.module or "")):
            names_config_only = node.module == "mmengine" and [alias.name for alias in node.names] == ["Config"]
            if not names_config_only:
                return True
        if isinstance(node, ast.Import) and not all(_is_eager(alias.name) for alias in node.names):
            return True
    return False


def load_python_config(filename: str) -> tuple[ConfigDict, set[str]]:
    """`(values, names that were imported)` of a pure-Python config with its bases."""
    before = ConfigDict.lazy
    ConfigDict.lazy = True
    try:
        return _Reader(filename, ()).read()
    finally:
        ConfigDict.lazy = before


class _Reader:
    """Reads one file: bases first, its imports replaced by lazy objects, then executed."""

    def __init__(self, path: str, chain: tuple[str, ...]) -> None:
        if path in chain:
            raise ConfigParsingError(f"a config inherits from itself: {' -> '.join([*chain, path])}")
        self.path = path
        self.chain = (*chain, path)
        self.namespace: dict[str, Any] = {"__file__": path, "__name__": "__config__"}
        self.imported: set[str] = set()
        self.bases: dict[str, ConfigDict] = {}
        # `import a.b` and `import a.c` bind the one name `a`, which must import both.
        self.modules: dict[str, list[str]] = {}

    def read(self) -> tuple[ConfigDict, set[str]]:
        tree = ast.parse(Path(self.path).read_text(encoding="utf-8"), self.path)
        body: list[ast.stmt] = []
        for statement in tree.body:
            body.extend(self._without_imports(statement))
        tree.body = body
        exec(compile(ast.fix_missing_locations(tree), self.path, "exec"), self.namespace)
        values = ConfigDict()
        for name, value in self.namespace.items():
            if not name.startswith("__") and not isinstance(value, types.ModuleType):
                values[name] = _unshared(value)
        return values, self.imported

    def _without_imports(self, statement: ast.stmt) -> list[ast.stmt]:
        """What is left to execute of a statement; imports act on the namespace at once."""
        if isinstance(statement, ast.With):
            _require_read_base(statement, self.path)
            for inner in statement.body:
                self._import_base(inner)
            return []
        if isinstance(statement, ast.ImportFrom):
            return self._import_from(statement)
        if isinstance(statement, ast.Import):
            return self._import(statement)
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == BASE_KEY for target in statement.targets
        ):
            raise ConfigParsingError(
                f"{self.path}:{statement.lineno}: a pure-Python config names its bases under `with read_base():`, "
                f"not in {BASE_KEY} (found `{BASE_KEY} = ...`)"
            )
        return [statement]

    def _import_base(self, statement: ast.stmt) -> None:
        where = f"{self.path}:{statement.lineno}"
        if not isinstance(statement, ast.ImportFrom) or statement.module is None:
            raise ConfigParsingError(f"{where}: only `from module import ...` may stand under read_base()")
        module = "." * statement.level + statement.module
        if module not in self.bases:
            path = _base_path(self.path, statement.level, statement.module, where)
            self.bases[module], imported = _Reader(path, self.chain).read()
            self.imported |= imported
        self._take_from_base(statement, module)

    def _take_from_base(self, statement: ast.ImportFrom, module: str) -> None:
        base = self.bases[module]
        for alias in statement.names:
            if alias.name == "*":
                self.namespace.update(dict.items(base))
            elif alias.name in base:
                self.namespace[alias.asname or alias.name] = base[alias.name]
            else:
                raise ConfigParsingError(f"{self.path}:{statement.lineno}: {module} defines no {alias.name}")

    def _import_from(self, statement: ast.ImportFrom) -> list[ast.stmt]:
        module = "." * statement.level + (statement.module or "")
        if module in self.bases:
            self._take_from_base(statement, module)
            return []
        location = f"{self.path}, line {statement.lineno}"
        is_eager = not statement.level and _is_eager(module)
        for alias in statement.names:
            if alias.name == "*":
                raise ConfigParsingError(f"{location}: `from {module} import *` is allowed under read_base() only")
            name = alias.asname or alias.name
            self.imported.add(name)
            if is_eager and module.startswith("mmengine"):
                self.namespace[name] = getattr(import_path(module), alias.name)
            elif not is_eager:
                self.namespace[name] = LazyObject(module, alias.name, location)
        return [statement] if is_eager and not module.startswith("mmengine") else []

    def _import(self, statement: ast.Import) -> list[ast.stmt]:
        location = f"{self.path}, line {statement.lineno}"
        eager = []
        for alias in statement.names:
            self.imported.add(alias.asname or alias.name.partition(".")[0])
            if _is_eager(alias.name):
                eager.append(alias)
            elif alias.asname is not None:
                self.namespace[alias.asname] = LazyObject(alias.name, location=location)
            else:
                package = alias.name.partition(".")[0]
                paths = self.modules.setdefault(package, [])
                paths.append(alias.name)
                self.namespace[package] = LazyObject(paths, location=location)
        statement.names = eager
        return [statement] if eager else []


def _is_eager(module: str) -> bool:
    """Whether an import in a config is done at once: the standard library, and mmengine's config module."""
    return module.startswith("mmengine.config") or module.partition(".")[0] in sys.stdlib_module_names


def _require_read_base(statement: ast.With, path: str) -> None:
    call = statement.items[0].context_expr
    is_read_base = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "read_base"
    if not is_read_base or len(statement.items) > 1:
        raise ConfigParsingError(
            f"{path}:{statement.lineno}: Only `read_base` context manager can be used in the config"
        )


def _base_path(path: str, level: int, module: str, where: str) -> str:
    parts = module.split(".")
    if level:
        folder = Path(path).parent
        base = folder.joinpath(*[".."] * (level - 1), *parts)
    elif len(parts) > 1:
        base = package_folder(parts[0]).joinpath(*parts[1:])
    else:
        raise ConfigParsingError(f"{where}: a base is a module in a package, such as mmdet.configs.x, not {module}")
    file = base.with_name(base.name + ".py")
    if not file.is_file():
        raise ConfigParsingError(f"{where}: the base config {file} does not exist")
    return str(file)


def _unshared(value: Any) -> Any:
    """The value with new ConfigDicts and lists, so that no two keys of a config share one."""
    if isinstance(value, dict):
        copied = ConfigDict()
        for key, item in dict.items(value):
            dict.__setitem__(copied, key, _unshared(item))
        return copied
    if not is_lazy(value) and (type(value) is list or type(value) is tuple):
        return type(value)([_unshared(item) for item in value])
    return value
