"""The classes that a codebase registers, found without importing it.

`python -m mmmigrate.converters.packs.census FOLDER…` lists those below the folders.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path


def registered_names(folder: Path) -> set[str]:
    """Names of classes and functions below a folder that a ``register_module`` puts into some registry."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        if ".mim" not in path.parts:
            names.update(_registered(ast.parse(path.read_text(encoding="utf-8"))))
    return names


def _registered(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            for decorator in node.decorator_list:
                yield from _names(decorator, node.name)
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "module" and isinstance(keyword.value, ast.Name) and keyword.value.id[0].isupper():
                    yield from _names(node, keyword.value.id)


def _names(call: ast.expr, default: str) -> Iterator[str]:
    """The names that one ``register_module(...)`` gives: those it says, else the class's own."""
    if not (
        isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "register_module"
    ):
        return
    said = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "name")]
    texts = [node.value for item in said for node in ast.walk(item) if isinstance(node, ast.Constant)]
    names = [text for text in texts if isinstance(text, str)]
    if names:
        yield from names
    elif default[0].isupper() or "_" in default:  # a lower-case word is the variable of a loop over classes
        yield default


if __name__ == "__main__":
    print(*sorted(set().union(*(registered_names(Path(folder)) for folder in sys.argv[1:]))), sep="\n")
