"""Where the bases of a config lie: beside it, in an installed package, or in the package of a pure-Python config."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmmigrate.compat.packages import package_folder
from mmmigrate.converters.read.names import names_of
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList


def base_writers(source: Source) -> list[int]:
    """Indices of the top-level statements that set or change ``_base_``."""
    return [
        index
        for index, node in enumerate(source.tree.body)
        if any("_base_" in line for line in source.lines[node.lineno - 1 : node.end_lineno])
        and "_base_" in names_of(node)[0]
    ]


def resolve(child: Source, written: str, line: int) -> tuple[Path, str | None]:
    """``(path, scope of its package or None)`` of an entry of ``_base_``. Raises ConversionError (CFG002)."""
    scope: str | None = None
    if "::" in written:
        package, _, file = written.partition("::")
        path = _installed(child, package, line) / ".mim" / "configs" / file
        scope = package
        if not file or not path.resolve().is_relative_to(path.parents[len(Path(file).parts) - 1].resolve()):
            child.fail("CFG002", f"its base {written!r} is no file of that package", line, 1)
    else:
        path = Path(os.path.normpath(os.path.join(child.path.parent, written)))  # noqa: PTH118
    if not _is_file(path):
        child.fail("CFG002", f"its base {written!r} is not a file (looked for {path})", line, 1)
    return path, scope


def module_path(child: Source, level: int, module: str, line: int) -> str:
    """The file of ``from ..module import *`` under ``read_base()``, to be read as a base."""
    parts = module.split(".")
    if level:
        return os.path.join(*[".."] * (level - 1), *parts) + ".py"  # noqa: PTH118
    if len(parts) < 2:
        child.fail("CFG002", f"a base is a module in a package, such as mmdet.configs.x, not {module}", line, 1)
    return str(_installed(child, parts[0], line).joinpath(*parts[1:])) + ".py"


def with_scope(value: Any, scope: str) -> Any:
    """The value with ``_scope_`` in the outermost dicts that have a ``type``, as mmengine marks such bases."""
    if isinstance(value, TracedDict):
        if "type" in value:
            if value.get("_scope_") is not None:
                return value
            scoped = value.copy()
            scoped.put("_scope_", scope)
            return scoped
        return TracedDict((key, Slot(with_scope(slot.value, scope), slot.origin)) for key, slot in value.slots())
    if isinstance(value, TracedList):
        return TracedList(Slot(with_scope(slot.value, scope), slot.origin) for slot in value.slots())
    if type(value) is tuple:
        return tuple(with_scope(item, scope) for item in value)
    return value


def _installed(child: Source, package: str, line: int) -> Path:
    if not package.isidentifier():
        child.fail("CFG002", f"{package!r} is no package; a base of another one is package::folder/file.py", line, 1)
    try:
        return package_folder(package)
    except (ImportError, ValueError) as error:
        child.fail("CFG002", f"its base lies in another package: {error}", line, 1)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, a null character
        return False
