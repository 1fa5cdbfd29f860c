"""Names that a pure-Python config imports: kept as names until somebody reads them from the config."""

from __future__ import annotations

from typing import Any, NoReturn

from mmmigrate.compat.aliases import import_path


class LazyObject:
    """A module, or the `imported` name of a module, that is imported by `build` and not before.

    `module` is a dotted path, or a list of paths of one package for `import a.b` statements; `location` says for
    errors where the import stands.
    """

    def __init__(
        self, module: str | list[str] | tuple[str, ...], imported: str | None = None, location: str | None = None
    ) -> None:
        is_paths = isinstance(module, (list, tuple)) and all(isinstance(path, str) for path in module)
        if not isinstance(module, str) and not is_paths:
            raise TypeError(f"module should be a str or a list or tuple of str, but got {module!r}")
        if imported is not None and not isinstance(imported, str):
            raise TypeError(f"imported should be a str or None, but got {type(imported)}")
        self._module = module
        self._imported = imported
        self.location = location

    def build(self) -> Any:
        """The module or the object. A failing import keeps its type and says where it stands."""
        paths = [self._module] if isinstance(self._module, str) else self._module
        try:
            for path in paths:
                import_path(path)
            module = import_path(self.module)
        except ImportError as error:
            raise type(error)(f"Failed to import {self.module} in {self.location}: {error}") from error
        if self._imported is None:
            return module
        try:
            return getattr(module, self._imported)
        except AttributeError as error:
            where = f"{self._module} in {self.location}"
            raise ImportError(f"Failed to import {self._imported} from {where}") from error

    @property
    def module(self) -> str:
        """The module's path; the top-level package if there are several."""
        return self._module if isinstance(self._module, str) else self._module[0].partition(".")[0]

    @property
    def dump_str(self) -> str:
        """The path that a dumped config has for it, which registries can look up."""
        return f"{self.module}.{self}"

    def __getattr__(self, name: str) -> LazyAttr:
        if name.startswith("__") or name in ("_module", "_imported", "location"):
            raise AttributeError(name)
        return LazyAttr(name, self, self.location)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(_not_callable(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> LazyObject:
        return LazyObject(self._module, self._imported, self.location)

    def __str__(self) -> str:
        return self._imported if self._imported is not None else self.module

    __repr__ = __str__


class LazyAttr:
    """An attribute of a lazy object: `torch.optim.SGD` after `import torch`."""

    def __init__(self, name: str, source: LazyObject | LazyAttr, location: str | None = None) -> None:
        self.name = name
        self.source = source
        self.location = location

    @property
    def module(self) -> str:
        """The path of what it is an attribute of."""
        if isinstance(self.source, LazyObject) and self.source._imported is None:
            return self.source.module
        return f"{self.source.module}.{self.source}"

    @property
    def dump_str(self) -> str:
        return f"{self.module}.{self}"

    def build(self) -> Any:
        """The attribute itself. ImportError, with the place of the import, if there is none."""
        try:
            return getattr(self.source.build(), self.name)
        except AttributeError as error:
            raise ImportError(f"Failed to import {self.module}.{self.name} in {self.location}") from error

    def __getattr__(self, name: str) -> LazyAttr:
        if name.startswith("__") or name in ("name", "source", "location"):
            raise AttributeError(name)
        return LazyAttr(name, self, self.location)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(_not_callable(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> LazyAttr:
        return LazyAttr(self.name, self.source, self.location)

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


def is_lazy(value: Any) -> bool:
    return isinstance(value, (LazyObject, LazyAttr))


def _not_callable(lazy: LazyObject | LazyAttr) -> str:
    return (
        f"{lazy.module}.{lazy} can't be called in the config ({lazy.location}): imports are lazy there. "
        f"Write dict(type={lazy}, ...)"
    )
