"""``[tool.mmmigrate]`` in pyproject.toml: what a project always wants; the command line goes first."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.suggest import did_you_mean

# name in the file: type, and the values that are taken (none named: any)
_KEYS: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "select": (list, ()),
    "ignore": (list, ()),
    "exclude": (list, ()),
    "packs": (list, ()),
    "schedule": (str, ("auto", "stock", "exact")),
    "order": (str, ("v3", "v2")),
    "style": (str, ("minimal", "idiomatic")),
    "flatten": (bool, ()),
    "strict": (bool, ()),
}


@dataclass(frozen=True)
class ProjectSettings:
    """What the nearest pyproject.toml says; ``root`` is its folder."""

    root: Path = field(default_factory=Path)
    values: dict[str, Any] = field(default_factory=dict)

    def excludes(self, path: Path) -> bool:
        """Whether a file lies under one of the patterns of ``exclude``, which are relative to the project."""
        patterns = self.values.get("exclude", [])
        if not patterns:
            return False
        absolute, root = path.absolute(), self.root.absolute()
        name = absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.as_posix()
        return any(fnmatch(name, pattern) or name.startswith(f"{pattern.rstrip('/')}/") for pattern in patterns)

    def or_asked(self, ctx: click.Context, option: str, key: str | None = None) -> Any:
        """The option's value: the command line's where it was given there, else the project's, else the default."""
        given = ctx.params[option]
        name = key or option
        if name not in self.values or ctx.get_parameter_source(option) is not click.core.ParameterSource.DEFAULT:
            return given
        value = self.values[name]
        return tuple(value) if isinstance(value, list) else value


def project_settings(start: Path) -> ProjectSettings:
    """The settings that hold for a path. Raises click.UsageError for a key or value that means nothing."""
    folder = start.absolute()
    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        if file.is_file():
            return _read(file)
    return ProjectSettings()


def _read(file: Path) -> ProjectSettings:
    text = file.read_bytes()
    if b"mmmigrate" not in text:  # without parsing the files of other tools
        return ProjectSettings(file.parent)
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        values = tomllib.loads(text.decode("utf-8")).get("tool", {}).get("mmmigrate", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file}: {error}") from error
    for key, value in values.items():
        _check(file, key, value)
    for key in ("select", "ignore"):
        if key in values:
            values[key] = [code.upper() for code in values[key]]
    return ProjectSettings(file.parent, values)


def _check(file: Path, key: str, value: Any) -> None:
    where = f"{file}: [tool.mmmigrate] {key}"
    if key not in _KEYS:
        raise click.UsageError(f"{where} is unknown{did_you_mean(key, _KEYS)}")
    kind, choices = _KEYS[key]
    words = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if not isinstance(value, kind) or (kind is list and not words):
        raise click.UsageError(f"{where} must be a {'list of strings' if kind is list else kind.__name__}: {value!r}")
    if choices and value not in choices:
        raise click.UsageError(f"{where} must be one of {', '.join(choices)}, not {value!r}")
