"""Classes and what they derive from, across the files of a project and into the libraries."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmmigrate.converters.code.module import Module

Method = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False)
class Class:
    """A class of a module of the project."""

    node: ast.ClassDef
    module: Module

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def path(self) -> str:
        return f"{self.module.name}.{self.node.name}"

    @cached_property
    def methods(self) -> dict[str, Method]:
        """The methods that its own body defines, by name."""
        return {item.name: item for item in self.node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))}

    @cached_property
    def bases(self) -> list[str]:
        """Full names of its bases; those that cannot be named (calls, subscripts) are left out."""
        names = (self.module.resolve(base) for base in self.node.bases)
        return [name for name in names if name is not None]

    @cached_property
    def lineage(self) -> list[Class]:
        """This class and those of the project that it derives from, nearest first."""
        return list(_lineage(self, set()))

    @cached_property
    def ancestors(self) -> tuple[str, ...]:
        """Full names of all classes that it derives from, in the project and in libraries, nearest first."""
        found: dict[str, None] = {}
        for cls in self.lineage:
            if cls is not self:
                found[cls.path] = None
        for cls in self.lineage:
            for base in cls.bases:
                if not self.module.project.owns(base):
                    found.update(dict.fromkeys(self.module.symbols.ancestors(base)))
                    found.setdefault(base)
        return tuple(found)

    @cached_property
    def _may_derive(self) -> bool:
        """False where no base at any distance can be a class of a library: most classes are done with by that."""
        seen: set[str] = set()
        waiting = [(self.module, self.node)]
        while waiting:
            module, node = waiting.pop()
            for path in {path for base in node.bases for path in module.targets(base)} - seen:
                seen.add(path)
                if not module.project.owns(path):
                    if module.symbols.load(path):
                        return True
                    continue
                home, _, name = path.rpartition(".")
                other = module if home == module.name else module.project.module(home)
                waiting += [(other, cls) for cls in (other.outline.classes if other else ()) if cls.name == name]  # type: ignore[misc]
        return False

    def derives(self, *paths: str) -> bool:
        """Whether it derives, at any distance, from one of these classes of libraries."""
        if not self._may_derive:
            return False
        symbols = [self.module.symbols.get(path) for path in paths]
        wanted = {symbol.path if symbol else path for symbol, path in zip(symbols, paths)}
        return not wanted.isdisjoint(self.ancestors)

    def find(self, method: str) -> tuple[Class, Method] | None:
        """The definition that a call of a method finds in the project, with the class that has it."""
        for cls in self.lineage:
            if method in cls.methods:
                return cls, cls.methods[method]
        return None


def _lineage(cls: Class, seen: set[str]) -> Iterator[Class]:
    yield cls
    project = cls.module.project
    for base in cls.bases:
        if base in seen:
            continue
        seen.add(base)
        home, _, name = base.rpartition(".")
        module = cls.module if home == cls.module.name else project.module(home) if project.owns(base) else None
        for node in module.outline.classes if module else ():
            if node.name == name and node is not cls.node:
                yield from _lineage(Class(node, module), seen)  # type: ignore[arg-type]
                break
