"""What package metadata says of the libraries behind the aliases: version checks ask it instead of the module."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

# Distributions under which the libraries are installed, by alias.
DISTRIBUTIONS = {"mmcv": ("mmcv", "mmcv-full"), "mmengine": ("mmengine",)}


class AliasDistribution(importlib.metadata.Distribution):
    """An installed distribution that has a name and a version, and no files."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        raise FileNotFoundError(f"{path}: an alias has no files")


def distributions(alias: str, version: str, wanted: str | None) -> Iterable[AliasDistribution]:
    """Those of an alias that are called `wanted`; all if None."""
    plain = None if wanted is None else wanted.lower().replace("_", "-")
    return [AliasDistribution(name, version) for name in DISTRIBUTIONS[alias] if plain in (None, name)]


class PkgResources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets setuptools' old `pkg_resources`, if it is imported, know the aliases' distributions too."""

    def __init__(self, versions: dict[str, str]) -> None:
        self._versions = versions
        self._inner: Any = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "pkg_resources" or self._inner is not None:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if found is None or found.loader is None:
            return None
        self._inner, found.loader = found.loader, self
        return found

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._inner.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        self.add_to(module)

    def add_to(self, module: Any) -> None:
        """Enters the distributions into the working set of `pkg_resources`."""
        for alias, version in self._versions.items():
            for name in DISTRIBUTIONS[alias]:
                module.working_set.add(module.Distribution(project_name=name, version=version), replace=True)


PKG_RESOURCES = PkgResources({})


def tell_pkg_resources(alias: str, version: str) -> None:
    """Makes the alias known to `pkg_resources`, which may be loaded already, or later, or never."""
    PKG_RESOURCES._versions[alias] = version
    loaded = sys.modules.get("pkg_resources")
    if loaded is not None:
        PKG_RESOURCES.add_to(loaded)
    elif PKG_RESOURCES not in sys.meta_path:
        sys.meta_path.insert(0, PKG_RESOURCES)
