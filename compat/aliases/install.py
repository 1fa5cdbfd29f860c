"""Putting the aliases in place: from then on `import mmcv` gives the runtime, also in processes started from here."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import multiprocessing.spawn
import sys
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

from mmmigrate.compat.aliases.asking import is_probe, is_statement
from mmmigrate.compat.aliases.metadata import AliasDistribution, distributions, tell_pkg_resources
from mmmigrate.compat.aliases.resolve import AliasModule, missing_message, view
from mmmigrate.compat.aliases.table import LIBRARIES
from mmmigrate.compat.suggest import did_you_mean


class RealLibraryLoadedError(RuntimeError):
    """The real library was imported before its alias was installed, so two kinds of its classes would mix."""


class _AliasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads the modules of one library."""

    def __init__(self, name: str) -> None:
        self.library = LIBRARIES[name]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] != self.library.name:
            return None
        if fullname not in self.library.modules():
            is_private = fullname.rpartition(".")[2].startswith("_")
            if (is_private and fullname.partition(".")[2] not in self.library.gone) or is_probe():
                return None  # mmcv._ext and the like: libraries probe for them and expect a plain no
            # Not returning None: Python's own message would not say what to use instead. In a statement the error has
            # no name, or `from mmcv.runner import X` would replace its message.
            raise ModuleNotFoundError(missing_message(fullname), name=None if is_statement() else fullname)
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.library.runtime, is_package=True)

    def find_distributions(self, context: Any = None) -> Iterable[AliasDistribution]:
        """What `importlib.metadata` asks for versions."""
        return distributions(self.library.name, self.library.version, getattr(context, "name", None))

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return view(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A view has nothing to execute."""


_finders: dict[str, _AliasFinder] = {}


def install(*names: str) -> None:
    """Makes `import mmcv` or `import mmengine` give the runtimes, here and in processes that multiprocessing spawns.

    Doing it twice changes nothing. Raises RealLibraryLoadedError if the real library was imported already,
    ValueError for another name.
    """
    for name in names:
        if name not in LIBRARIES:
            raise ValueError(f"no alias for {name!r}{did_you_mean(name, LIBRARIES)}")
        loaded = sys.modules.get(name)
        if loaded is not None and not isinstance(loaded, AliasModule):
            raise RealLibraryLoadedError(
                f"the real {name} was imported already, from {getattr(loaded, '__file__', 'somewhere')}: install the "
                f"alias before the first import of {name}, for example with python -m mmmigrate.compat.aliases SCRIPT"
            )
        if name not in _finders:
            _finders[name] = _AliasFinder(name)
            sys.meta_path.insert(0, _finders[name])
            tell_pkg_resources(name, LIBRARIES[name].version)
    _reach_spawned_processes()


def installed() -> list[str]:
    """The libraries whose aliases are in place."""
    return list(_finders)


def uninstall(*names: str) -> None:
    """Takes aliases away again; modules that were imported through them keep what they have."""
    for name in names:
        finder = _finders.pop(name, None)
        if finder is None:
            continue
        sys.meta_path.remove(finder)
        for module in [module for module in sys.modules if module == name or module.startswith(name + ".")]:
            del sys.modules[module]


class _InstallInChild:
    """Installs the aliases where it is unpickled: in a spawned process, before that imports the user's script."""

    def __reduce__(self) -> Any:
        return install, tuple(_finders)


_preparation_data: Callable[[str], dict[str, Any]] | None = None


def _reach_spawned_processes() -> None:
    global _preparation_data
    if _preparation_data is not None:
        return
    original = _preparation_data = multiprocessing.spawn.get_preparation_data

    def with_aliases(name: str) -> dict[str, Any]:
        return {**original(name), "mmmigrate_aliases": _InstallInChild()}

    multiprocessing.spawn.get_preparation_data = with_aliases
