"""The files that belong together: modules are found by name and parsed when a question leads to them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.code.source import read_code
from mmmigrate.converters.code.survey import Packages, Survey, module_name, python_files
from mmmigrate.converters.code.symbols import symbols_to

if TYPE_CHECKING:
    from mmmigrate.converters.code.module import Module


@dataclass
class Project:
    """The packages that are converted together. ``roots`` maps a top-level name to the folder that has it."""

    roots: dict[str, Path] = field(default_factory=dict)
    to: str = "v3"  # the generation that the project is converted to
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _resolved: dict[str, str] = field(default_factory=dict)
    _packages: Packages = field(default_factory=dict)

    def add(self, path: Path) -> str:
        """Makes a file's package known; gives the file's module name."""
        name, folder = module_name(path, self._packages)
        top = name.partition(".")[0]
        if top not in self.roots:
            self.roots[top] = folder
            for learnt in ("survey", "aliases", "handed_on"):
                self.__dict__.pop(learnt, None)
        return name

    def owns(self, dotted: str) -> bool:
        top = dotted.partition(".")[0]
        return top in self.roots or top in self.aliases

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Names of libraries by which a copy of one in another folder still calls itself -> the name of the copy.

        A copy is one if every module and name that it imports by the library's name is its own.
        """
        self.__dict__["aliases"] = found = {}  # what is asked of modules below must not ask for it again
        for top in symbols_to(self.to).roots & self.survey.imports.keys() - self.roots.keys():
            for root in self.roots:
                if self._is_copy(root, top):
                    found[top] = root
                    self._resolved.clear()
                    break
        return found

    def _is_copy(self, root: str, top: str) -> bool:
        homes = self.survey.imports[top]
        if len(homes) < 2 or not all(self.find(root + home[len(top) :]) for home in homes):
            return False
        for home, names in homes.items():
            module = self.module(root + home[len(top) :])
            own = {name for name in names if name != "as"}
            if module is None or not any(module.exported(name) for name in own):
                return False
        return True

    @cached_property
    def survey(self) -> Survey:
        """One look at the bytes of every file of the project."""
        found = Survey(packages=self._packages)
        for top, folder in self.roots.items():
            package = folder / top
            for file in python_files(package) if package.is_dir() else [folder / f"{top}.py"]:
                with suppress(OSError):
                    found.look(file)
        return found

    @cached_property
    def handed_on(self) -> set[str]:
        """Every name that some file of the project imports from another one: it must keep its name there."""
        own = [homes for top, homes in self.survey.imports.items() if top == "." or self.owns(top)]
        return {name for homes in own for names in homes.values() for name in names}

    @property
    def registry_modules(self) -> list[str]:
        """Modules of the project that may make registries, in a fixed order."""
        return self.survey.registries

    def find(self, dotted: str) -> Path | None:
        """The file of a module of the project."""
        dotted = self._real(dotted)
        root = self.roots.get(dotted.partition(".")[0])
        if root is None:
            return None
        stem = root.joinpath(*dotted.split("."))
        for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if path.is_file():
                return path
        return None

    def _real(self, dotted: str) -> str:
        """The name by the project's own folders."""
        top, dot, rest = dotted.partition(".")
        return dotted if top in self.roots else self.aliases.get(top, top) + dot + rest

    def module_at(self, path: Path, dotted: str) -> Module | None:
        """The module of a file, if it was read already because another one asked for it."""
        module = self._modules.get(dotted)
        return module if module is not None and module.source.path == path else None

    def keep(self, module: Module) -> None:
        """Remembers a module that is converted now, so that nobody parses its file again."""
        self._modules.setdefault(module.name, module)

    def module(self, dotted: str) -> Module | None:
        """A module of the project as it was before the conversion, or None where there is none that can be read."""
        from mmmigrate.converters.code.module import Module

        dotted = self._real(dotted)
        if dotted not in self._modules:
            path = self.find(dotted)
            self._modules[dotted] = None
            if path is not None:
                with suppress(ConversionError):  # it is reported where the file itself is converted
                    module = Module(read_code(path), dotted, self)
                    _ = module.tree
                    self._modules[dotted] = module
        return self._modules[dotted]

    def resolve(self, dotted: str) -> str:
        """Where a name of the project really comes from: re-exports and star imports are followed."""
        if not self.owns(dotted):
            return dotted
        dotted = self._real(dotted)
        if dotted not in self._resolved:
            self._resolved[dotted] = dotted  # a cycle of imports ends here
            self._resolved[dotted] = self._resolve(dotted)
        return self._resolved[dotted]

    def _resolve(self, dotted: str) -> str:
        parts = dotted.split(".")
        for end in range(len(parts) - 1, 0, -1):
            home = ".".join(parts[:end])
            path = self.find(home)
            if path is None:
                continue
            if home not in self._modules and _defines(path, parts[end]):
                return dotted
            module = self.module(home)
            target = module.exported(parts[end]) if module else None
            if target is None:
                return dotted
            full = ".".join([target, *parts[end + 1 :]])
            return full if full == dotted else self.resolve(full)
        return dotted


def _defines(path: Path, name: str) -> bool:
    """Whether a file has a class or function of this name at its top level, so that it need not be parsed to tell."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    found = re.search(rb"^(?:class|def|async def) " + name.encode() + rb"\b", data, re.MULTILINE)
    return found is not None
