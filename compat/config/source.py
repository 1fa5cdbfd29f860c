"""One config file as text: its templates filled in, compiled once, executed as often as needed."""

from __future__ import annotations

import ast
import os
import re
import types
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmmigrate.compat.config.merge import BASE_KEY

FILE_TYPES = (".py", ".json", ".yaml", ".yml")

_BASE_VARIABLE = re.compile(r"\{\{\s*_base_\.([\w.]+)\s*\}\}")
_ENVIRONMENT_VARIABLE = re.compile(r"\{\{['\"]?\s*\$(\w+)\s*:\s*(\S*?)\s*['\"]?\}\}")
_NAMES_BASE = re.compile(r"\b_base_\b")


@dataclass(frozen=True)
class Source:
    """A config file, read.

    `text` is as written, `filled` has its templates replaced; `{{_base_.x}}` became the string that
    `base_variables` maps to `x`. `environment` holds the variables that were taken from the environment.
    """

    path: str
    text: str
    filled: str
    base_variables: dict[str, str]
    environment: dict[str, str]

    def execute(self, namespace: dict[str, Any], *, without_bases: bool) -> dict[str, Any]:
        """The names that a .py config defines, run with `namespace` as its globals.

        Modules, functions and names that start with two underscores are left out. `without_bases` skips the
        assignment to `_base_`, so that the config can read what is in `namespace` under that name.
        """
        before = set(namespace)
        exec(_compiled(self.path, self.filled, without_bases), namespace)
        return {
            name: value
            for name, value in namespace.items()
            if name not in before
            and not name.startswith("__")
            and not isinstance(value, (types.ModuleType, types.FunctionType))
        }

    def parse_data(self) -> dict[str, Any]:
        """The content of a .json or .yaml config; an empty file is an empty dict."""
        from mmmigrate.compat.fileio import loads

        try:
            data = loads(self.filled, file_format=Path(self.path).suffix[1:])
        except ValueError as error:
            raise ValueError(f"{self.path} is not valid: {error}") from error
        if data is not None and not isinstance(data, dict):
            raise TypeError(f"{self.path} must hold a dict at its top level, got {type(data).__name__}")
        return data or {}

    def literal_bases(self) -> Any:
        """What a .py config assigns to `_base_`, if it reads `_base_` elsewhere too, and so needs its bases first.

        None if it doesn't, or if the value is no literal.
        """
        if len(_NAMES_BASE.findall(self.filled)) < 2:
            return None
        return _literal_bases(self.path, self.filled)


def read_source(path: str, use_predefined_variables: bool = True, use_environment_variables: bool = True) -> Source:
    """Reads a config file and fills in its templates.

    Raises FileNotFoundError, OSError for another type of file, KeyError for an environment variable that is not
    set and has no default.
    """
    suffix = os.path.splitext(path)[1]  # noqa: PTH122 - `.py` alone has no suffix either way, and this is hot
    if not os.path.isfile(path):  # noqa: PTH113
        raise FileNotFoundError(f'file "{path}" does not exist')
    if suffix not in FILE_TYPES:
        raise OSError(f"{path}: Only py/yml/yaml/json type are supported now!")
    text = Path(path).read_text(encoding="utf-8")
    filled = text
    environment: dict[str, str] = {}
    base_variables: dict[str, str] = {}
    if "{{" in text:
        if use_predefined_variables:
            filled = fill_predefined(filled, path)
        if use_environment_variables:
            filled, environment = fill_environment(filled, path)
        filled, base_variables = mark_base_variables(filled)
    return Source(path, text, filled, base_variables, environment)


def fill_predefined(text: str, path: str) -> str:
    """The text with `{{ fileBasename }}` and its like replaced by the parts of the path."""
    file = Path(path)
    values = {
        "fileDirname": str(file.parent),
        "fileBasename": file.name,
        "fileBasenameNoExtension": file.stem,
        "fileExtname": file.suffix,
    }
    for name, value in values.items():
        # Forward slashes are valid in Python strings on every system, backslashes start escapes.
        text = re.sub(r"\{\{\s*" + name + r"\s*\}\}", value.replace("\\", "/"), text)
    return text


def fill_environment(text: str, path: str) -> tuple[str, dict[str, str]]:
    """`(text with every {{$NAME:default}} replaced, the variables that the environment had)`."""
    taken: dict[str, str] = {}

    def value_of(match: re.Match[str]) -> str:
        name, default = match.groups()
        if name in os.environ:
            taken[name] = os.environ[name]
        value = os.environ.get(name, default)
        if not value:
            raise KeyError(f"{path}: `{name}` is not set in the environment and the config gives no default for it")
        return value

    return _ENVIRONMENT_VARIABLE.sub(value_of, text), taken


def mark_base_variables(text: str) -> tuple[str, dict[str, str]]:
    """`(text with every {{_base_.x}} replaced by a string that stands for it, x of each such string)`."""
    marks: dict[str, str] = {}

    def mark_of(match: re.Match[str]) -> str:
        mark = f"_{match.group(1)}_<{BASE_KEY}>"
        marks[mark] = match.group(1)
        return f'"{mark}"'

    return _BASE_VARIABLE.sub(mark_of, text), marks


@lru_cache(maxsize=2048)
def _compiled(path: str, text: str, without_bases: bool) -> Any:
    if not without_bases:
        return compile(parsed(path, text), path, "exec")
    tree = parsed(path, text)
    tree.body = [statement for statement in tree.body if not _assigns_base(statement)]
    return compile(tree, path, "exec")


def parsed(path: str, text: str) -> ast.Module:
    """The syntax tree. SyntaxError names the file."""
    try:
        return ast.parse(text, path)
    except SyntaxError as error:
        message = f"There are syntax errors in config file {path}: {error}"
        raise SyntaxError(message, (path, error.lineno, error.offset, error.text)) from error


@lru_cache(maxsize=2048)
def _literal_bases(path: str, text: str) -> Any:
    for statement in parsed(path, text).body:
        if _assigns_base(statement):
            try:
                return ast.literal_eval(statement.value)  # type: ignore[attr-defined]
            except ValueError:
                return None
    return None


def _assigns_base(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign):
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Name) and target.id == BASE_KEY
