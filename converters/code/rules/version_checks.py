"""Checks at import that refuse the libraries of the new generation: ``assert mmcv_version <= '1.8.0'``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.rule import CodeRule

# The first release of the new generation, and the first that is not it any more.
_RELEASES = {"mmcv": ("2.0.0", "3.0.0"), "mmdet": ("3.0.0", "4.0.0"), "mmseg": ("1.0.0", "2.0.0"),
             "mmocr": ("1.0.0", "2.0.0"), "mmpose": ("1.0.0", "2.0.0"), "mmaction": ("1.0.0", "2.0.0")}  # fmt: skip
_VERSION = re.compile(r"\d+(\.\d+)*\w*")


def convert(module: Module) -> None:
    for node in module.tree.body:
        if isinstance(node, ast.Assert) and not module.is_skipped(node):
            for compare in ast.walk(node.test):
                if isinstance(compare, ast.Compare):
                    _compare(module, compare)


def _compare(module: Module, node: ast.Compare) -> None:
    sides = [node.left, *node.comparators]
    library = next((found for found in (_library(module, side) for side in sides) if found), None)
    if library is None:
        return
    middle = next(index for index, side in enumerate(sides) if _library(module, side))
    first, end = _RELEASES[library]
    for index, side in enumerate(sides):
        operator = node.ops[min(index, middle)]
        upwards = isinstance(operator, (ast.Lt, ast.LtE))
        if index == middle or not (upwards or isinstance(operator, (ast.Gt, ast.GtE))):
            continue
        is_upper = upwards == (index > middle)
        for constant, version in _constants(module, side):
            bound = end if is_upper else first
            if _number(version) < _number(first) or (is_upper and _number(version) == _number(first)):
                module.replace(constant, module.source.segment(constant).replace(version, bound))
                module.note(RULE, f"{library} {version} is of the old generation: {bound} is the bound", constant)


def _library(module: Module, node: ast.expr) -> str | None:
    """The library whose ``__version__`` an expression is made from, also by a variable of this module."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in module.outline.top:
            value = getattr(module.outline.top[part.id], "value", None)
            found = _library_here(module, value) if value is not None else None
            if found:
                return found
    return _library_here(module, node)


def _library_here(module: Module, node: ast.expr) -> str | None:
    for part in ast.walk(node):
        path = module.resolve(part) if isinstance(part, (ast.Attribute, ast.Name)) else None
        library, _, rest = (path or "").partition(".")
        if library in _RELEASES and rest == "__version__" and not module.project.owns(library):
            return library
    return None


def _constants(module: Module, node: ast.expr) -> Iterator[tuple[ast.Constant, str]]:
    """The version strings in an expression, or behind the variables of this module that it names."""
    seen: set[str] = set()
    waiting: list[ast.AST] = [node]
    while waiting:
        for part in ast.walk(waiting.pop()):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _VERSION.fullmatch(part.value):
                yield part, part.value
            elif isinstance(part, ast.Name) and part.id in module.outline.top and part.id not in seen:
                seen.add(part.id)
                value = getattr(module.outline.top[part.id], "value", None)
                waiting += [value] if value is not None else []


def _number(version: str) -> tuple[int, ...]:
    """The numbers of a version, three of them: 1.8 is (1, 8, 0)."""
    return tuple([*map(int, re.findall(r"\d+", version)), 0, 0, 0][:3])


RULE = CodeRule(
    code="VER001",
    title="check at import that refuses the new libraries",
    why="Code that uses the names of mmcv 2 needs it; the old bounds would stop the package when it is imported.",
    before="import mmcv\nfrom mmcv import digit_version\n\n"
    "assert digit_version('1.3.17') <= digit_version(mmcv.__version__) <= digit_version('1.8.0')",
    after="import mmcv\nfrom mmengine.utils import digit_version\n\n"
    "assert digit_version('2.0.0') <= digit_version(mmcv.__version__) <= digit_version('3.0.0')",
    effect=Effect.MANUAL,
    reversible=False,
    words=frozenset({"__version__"}),
    convert=convert,
    structural=False,
)
