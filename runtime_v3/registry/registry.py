"""Registries with the lookup rules of mmengine: ancestors are searched, packages import themselves when named."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, ClassVar

from mmmigrate.compat.packages import PACKAGE_OF_MODULE
from mmmigrate.compat.registry import Registry as _CoreRegistry
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v3.registry.build_functions import build_from_cfg
from mmmigrate.runtime_v3.registry.default_scope import DefaultScope
from mmmigrate.runtime_v3.registry.importing import object_from_path

_LOGGER = logging.getLogger("mmmigrate.registry")
_WARNED: set[str] = set()


def _warn_once(message: str) -> None:
    if message not in _WARNED:
        _WARNED.add(message)
        _LOGGER.warning(message)


class Registry(_CoreRegistry):
    """`mmengine.registry.Registry`.

    `get` knows three forms: `ResNet` (here, then the ancestors), `scope.ResNet` (that scope in the tree; its package's
    `registry` module is imported first) and a full path such as `package.module.ResNet`. `locations` are modules
    that are imported before the first lookup, so that what they register is found.
    """

    default_build_func: ClassVar[Callable[..., Any]] = staticmethod(build_from_cfg)
    takes_class_first: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        build_func: Callable[..., Any] | None = None,
        parent: Registry | None = None,
        scope: str | None = None,
        locations: Sequence[str] = (),
    ) -> None:
        super().__init__(name, build_func, parent, scope)
        self._locations = list(locations)
        self._imported = False

    def __repr__(self) -> str:
        from rich.console import Console
        from rich.table import Table

        table = Table(title=f"Registry of {self._name}")
        table.add_column("Names", justify="left", style="cyan")
        table.add_column("Objects", justify="left", style="green")
        for name, registered in sorted(self._module_dict.items()):
            table.add_row(name, str(registered))
        console = Console()
        with console.capture() as capture:
            console.print(table, end="")
        return capture.get()

    def get(self, key: str) -> Any:
        """What `key` names, or None. `on_missing` is asked before a full path is imported."""
        if not isinstance(key, str):
            raise TypeError(f"The key argument of `Registry.get` must be a str, got {type(key)}")
        self.import_from_location()
        scope, real_key = self.split_scope_key(key)
        if scope is None:
            found = self._search_ancestors(key)
        elif scope == self._scope:
            found = self._module_dict.get(real_key)
        else:
            found = self._get_from_scope(scope, key, real_key)
        if found is None:
            found = self._ask_on_missing(key)
        return object_from_path(key) if found is None and scope is not None else found

    def build(self, cfg: Any, *args: Any, **kwargs: Any) -> Any:
        """What the build function makes of a config, by default an instance of the class that `type` names."""
        return self.build_func(cfg, *args, **kwargs, registry=self)

    def import_from_location(self) -> None:
        """Imports the modules in `locations` once.

        An OpenMMLab package without locations is asked for its `utils.register_all_modules` instead.
        """
        if self._imported:
            return
        if not self._locations and self._scope in PACKAGE_OF_MODULE:
            self._register_all_modules()
        for location in self._locations:
            import_module(location)
        self._imported = True

    @contextmanager
    def switch_scope_and_registry(self, scope: str | None) -> Iterator[Any]:
        """Makes `scope` the default scope inside the block and gives the registry of the default scope.

        Without a default scope, or if the tree has none for it (with a warning), that is this registry.
        """
        with DefaultScope.overwrite_default_scope(scope):
            default_scope = DefaultScope.get_current_instance()
            if default_scope is None:
                yield self
                return
            yield self._registry_of(default_scope.scope_name)

    def _registry_of(self, scope: str) -> Any:
        root = self.root
        if scope == root._scope:
            return root
        is_importable = _import_registry_module(scope)
        registry = root._search_child(scope)
        if registry is not None:
            return registry
        missing = "" if is_importable else f" (no module {scope}.registry{_how_to_install(scope)})"
        _warn_once(
            f'no registry with scope "{scope}" in the "{root.name}" registry tree{missing}: '
            f'"{self._name}" of "{self._scope}" is used instead'
        )
        return self

    def _search_ancestors(self, name: str) -> Any:
        registry: Any = self
        while registry is not None:
            found = registry._module_dict.get(name)
            if found is not None:
                return found
            registry = registry.parent
        return None

    def _get_from_scope(self, scope: str, key: str, real_key: str) -> Any:
        _import_registry_module(scope)
        if scope in self._children:
            return self._children[scope].get(real_key)
        root = self.root
        if root is not self and (scope == root._scope or scope in root._children):
            return root.get(key)
        return None

    def _get_root_registry(self) -> Any:
        return self.root

    def _search_child(self, scope: str) -> Any:
        if self._scope == scope:
            return self
        for child in self._children.values():
            found = child._search_child(scope)
            if found is not None:
                return found
        return None

    def _register_all_modules(self) -> None:
        try:
            module = import_module(f"{self._scope}.utils")
        except ImportError:
            _warn_once(
                f"{self._scope} can't be imported, so its modules are not registered{_how_to_install(self._scope)}"
            )
            return
        module.register_all_modules(False)

    def missing_message(self, key: str) -> str:
        """What an error says about a name that is not registered."""
        return (
            f"{key} is not in the {self._scope}::{self._name} registry{did_you_mean(key, self.known_names())}. "
            "If it is your own, list its module in custom_imports of the config"
        )


def _import_registry_module(scope: str) -> bool:
    """Imports the module where a package of that name makes its registries; False if there is none."""
    try:
        import_module(f"{scope}.registry")
    except (ImportError, AttributeError):
        return False
    return True


def _how_to_install(scope: str) -> str:
    package = PACKAGE_OF_MODULE.get(scope)
    return f"; pip install {package}" if package else ""
