"""Modules that answer for a library's modules: views on the runtime modules that have the names."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from mmmigrate.compat.aliases.patching import hand_on, with_submodules
from mmmigrate.compat.aliases.table import LIBRARIES, Library
from mmmigrate.compat.suggest import did_you_mean

_VIEWS: dict[str, AliasModule] = {}
_NOTHING = object()


class AliasModule(ModuleType):
    """A module of a library whose names are those of the runtime: the same objects, so the same classes."""

    def __init__(self, name: str, library: Library) -> None:
        super().__init__(name, f"{name} {library.version}, answered by {library.runtime}")
        self.__dict__["_library"] = library
        self.__dict__["_patched"] = {}
        # A path makes it a package, so that its submodules are looked for; they are found by name, not in a folder.
        self.__path__: list[str] = []
        if name == library.name:
            self.__version__ = library.version
        if name in (library.name, f"{library.name}.version"):
            numbers = tuple(int(number) for number in library.version.split("."))
            self.__dict__.update(__version__=library.version, version_info=numbers)

    def __getattr__(self, name: str) -> Any:
        if name == "__file__":
            return str(_file(self.__name__, self._library))
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        if name == "__all__":
            return self._public_names()
        for source in self._sources():
            # None stands for a package that is not installed, which a project may put a stand-in for
            found = getattr(source, name, _NOTHING)
            if found is not _NOTHING and not isinstance(found, ModuleType):
                return found
        found = self._imported(name)
        if found is not None:
            return found
        path = f"{self.__name__}.{name}"
        if path in self._library.modules():
            # The real library has imported most of its submodules by the time one could ask.
            return import_module(path) if _is_installed(self._library.name) else view(path)
        raise AttributeError(missing_message(path), name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        # `mmcv.parallel.collate` is a submodule and a function; importing the module must not hide the function.
        if isinstance(value, AliasModule) and any(hasattr(source, name) for source in self._sources()):
            return
        old = getattr(self, name, _NOTHING)
        if old is not _NOTHING and not name.startswith("__"):
            places = hand_on(self._sources(), name, old, value)
            self._patched.setdefault(name, (old, places))
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        value = self.__dict__.get(name)
        super().__delattr__(name)
        if name in self._patched:
            old, places = self._patched.pop(name)
            hand_on(places, name, value, old)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._public_names()})

    def _sources(self) -> list[ModuleType]:
        return [import_module(source) for source in sources_of(self.__name__)]

    def _imported(self, name: str) -> Any:
        """What a module of the real library has because it imports it: the name as the packages around it know it.

        Only for modules that hold no others: a package has the names that it says it has.
        """
        path = self.__name__
        if path.count(".") < 2 or any(module.startswith(path + ".") for module in self._library.modules()):
            return None
        places = with_submodules(self._sources())
        while "." in path:
            path = path.rpartition(".")[0]
            places += [import_module(source) for source in sources_of(path)]
        found = [vars(place)[name] for place in places if vars(place).get(name) is not None]
        return next((value for value in found if not _is_own_module(value)), None)

    def _public_names(self) -> list[str]:
        names: set[str] = set()
        for source in self._sources():
            names.update(getattr(source, "__all__", None) or _own_names(source))
        return sorted(names)


def _file(name: str, library: Library) -> Path:
    """Where the runtime's code for a module lies, found without importing it: projects look for folders by it."""
    runtime = Path(__file__).parents[2] / library.runtime.rpartition(".")[2]
    below = runtime.joinpath(*name.split(".")[1:])
    for file in (below.with_suffix(".py"), below / "__init__.py"):
        if below != runtime and file.is_file():
            return file
    return runtime / "__init__.py"


def view(path: str) -> AliasModule:
    """The module that answers for `path`, which the table must have; made once."""
    if path not in _VIEWS:
        _VIEWS[path] = AliasModule(path, LIBRARIES[path.partition(".")[0]])
    return _VIEWS[path]


def import_path(path: str) -> ModuleType:
    """The module at `path`: for mmcv and mmengine what answers for it, whether installed as an alias or not."""
    library = LIBRARIES.get(path.partition(".")[0])
    if library is None:
        return import_module(path)
    if path not in library.modules():
        raise ModuleNotFoundError(missing_message(path))
    return view(path)


def sources_of(path: str) -> list[str]:
    """The runtime modules that are asked for the names of a library's module, in order."""
    name, _, below = path.partition(".")
    library = LIBRARIES[name]
    if below in library.sources:
        return [_full(library, source) for source in library.sources[below]]
    parent, _, last = below.rpartition(".")
    sources = sources_of(f"{name}.{parent}")
    own = f"{sources[0]}.{last}"
    return [own, *sources] if _exists(own) else sources


def missing_message(path: str) -> str:
    """What to say when nothing answers for a name or module of a library, with what to use instead."""
    name, _, below = path.partition(".")
    library = LIBRARIES[name]
    for gone, instead in library.gone.items():
        if below == gone or below.startswith(gone + "."):
            return f"{library.runtime} does not answer for {path}: {instead}"
    parent, _, last = path.rpartition(".")
    known = [module.rpartition(".")[2] for module in library.modules() if module.rpartition(".")[0] == parent]
    if parent in library.modules():
        known += view(parent)._public_names()
    return (
        f"{library.runtime}, which answers for {library.name} {library.version}, has no {path}"
        f"{did_you_mean(last, known) or '.'}"
    )


def _full(library: Library, source: str) -> str:
    if source.startswith("."):
        return library.runtime + source
    return f"mmmigrate.{source}" if source else library.runtime


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _own_names(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", module.__name__) == module.__name__
    ]


def _is_own_module(value: Any) -> bool:
    return isinstance(value, ModuleType) and value.__name__.startswith("mmmigrate")


def _is_installed(name: str) -> bool:
    return isinstance(sys.modules.get(name), AliasModule)
