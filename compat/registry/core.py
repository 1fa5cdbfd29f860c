"""The registry that both generations specialise: registering, the tree of scopes, building."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError
from mmmigrate.compat.registry.build import build_from_cfg
from mmmigrate.compat.suggest import did_you_mean

# Our packages answer for the libraries they replace, so their registries carry those libraries' scope.
_SCOPE_OF_PACKAGE = {"mmmigrate.runtime_v2": "mmcv", "mmmigrate.runtime_v3": "mmengine"}


class Registry:
    """Names to classes or functions, and the objects built from configs that use those names.

    `build_func(cfg, ..., registry=self)` builds; without one the parent's is used, then `default_build_func` of the
    class. `scope` is the prefix (`mmdet.ResNet`) under which a parent finds the classes of this registry; left out,
    it is the top-level package of the module that makes the registry.

    Each callable in `on_missing` is asked, in order, for a name that no registration answers; the first result
    that is not None is the answer. Adapters hang in here.
    """

    default_build_func: ClassVar[Callable[..., Any]] = staticmethod(build_from_cfg)
    # Whether `register_module(SomeClass)`, the oldest form, is taken; mmengine refuses it.
    takes_class_first: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        build_func: Callable[..., Any] | None = None,
        parent: Registry | None = None,
        scope: str | None = None,
    ) -> None:
        if scope is not None and not isinstance(scope, str):
            raise ArgumentTypeError(f"scope must be a str or None, got {type(scope).__name__}")
        if parent is not None and not isinstance(parent, Registry):
            raise ArgumentTypeError(f"parent must be a Registry or None, got {type(parent).__name__}")
        self._name = name
        self._module_dict: dict[str, Any] = {}
        self._children: dict[str, Any] = {}
        self._scope = self.infer_scope() if scope is None else scope
        self.on_missing: list[Callable[[str], Any]] = []
        self.parent = parent
        if parent is not None:
            parent._add_child(self)
        if build_func is None:
            build_func = type(self).default_build_func if parent is None else parent.build_func
        self.build_func: Callable[..., Any] = build_func

    def __len__(self) -> int:
        return len(self._module_dict)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name}, items={self._module_dict})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def scope(self) -> str:
        return self._scope

    @property
    def module_dict(self) -> dict[str, Any]:
        return self._module_dict

    @property
    def children(self) -> dict[str, Any]:
        return self._children

    @property
    def root(self) -> Any:
        """The registry at the top of the tree; itself when there is no parent."""
        registry = self
        while registry.parent is not None:
            registry = registry.parent
        return registry

    @staticmethod
    def infer_scope() -> str:
        """Top-level package of the module that is making a registry, "mmcv"/"mmengine" for our own runtimes."""
        frame = sys._getframe(1)
        while frame.f_back is not None and isinstance(frame.f_locals.get("self"), Registry):
            frame = frame.f_back
        module = str(frame.f_globals.get("__name__", "__main__"))
        for package, scope in _SCOPE_OF_PACKAGE.items():
            if module == package or module.startswith(package + "."):
                return scope
        return module.partition(".")[0]

    @staticmethod
    def split_scope_key(key: str) -> tuple[str | None, str]:
        """`(first scope or None, the rest)`.

        >>> Registry.split_scope_key("mmdet.ResNet"), Registry.split_scope_key("ResNet")
        (('mmdet', 'ResNet'), (None, 'ResNet'))
        """
        scope, dot, rest = key.partition(".")
        return (scope, rest) if dot else (None, key)

    def get(self, key: str) -> Any:
        """What is registered under `key`, else what `on_missing` gives for it, else None."""
        found = self._module_dict.get(key)
        return self._ask_on_missing(key) if found is None else found

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """What the build function makes of a config, by default an instance of the class that `type` names."""
        return self.build_func(*args, **kwargs, registry=self)

    def register_module(self, name: Any = None, force: bool = False, module: Any = None) -> Any:
        """Registers `module` under `name` (a str, several, or None for its own name); a decorator without `module`.

        A taken name is a KeyError unless `force`. `register_module(SomeClass)`, the oldest form, is deprecated.
        """
        if not isinstance(force, bool):
            raise TypeError(f"force must be a boolean, but got {type(force)}")
        if inspect.isclass(name) and self.takes_class_first:
            return self.deprecated_register_module(name, force=force)
        is_names = isinstance(name, Sequence) and all(isinstance(item, str) for item in name)
        if name is not None and not isinstance(name, str) and not is_names:
            raise TypeError(f"name must be None, an instance of str, or a sequence of str, but got {type(name)}")

        def register(module: Any) -> Any:
            self._register_module(module=module, module_name=name, force=force)
            return module

        return register if module is None else register(module)

    def deprecated_register_module(self, cls: Any = None, force: bool = False) -> Any:
        """The oldest form of `register_module`, kept because published v2 code uses it."""
        warnings.warn(
            "register_module(cls, force=False) is the old form; write register_module(name=None, force=False, "
            "module=cls) or use register_module() as a decorator",
            DeprecationWarning,
            stacklevel=3,
        )
        if cls is None:
            return lambda cls: self.deprecated_register_module(cls, force=force)
        self._register_module(module=cls, force=force)
        return cls

    def known_names(self) -> list[str]:
        """What a config may name here: own names, those of the ancestors, and the children's with their scope."""
        names = list(self._module_dict)
        ancestor = self.parent
        while ancestor is not None:
            names.extend(ancestor._module_dict)
            ancestor = ancestor.parent
        for scope, child in self._children.items():
            names.extend(f"{scope}.{name}" for name in child._module_dict)
        return names

    def missing_message(self, key: str) -> str:
        """What an error says about a name that is not registered."""
        return f"{key} is not in the {self._name} registry{did_you_mean(key, self.known_names())}"

    def _check_module(self, module: Any) -> None:
        if not callable(module):
            raise TypeError(f"module must be Callable (a class, a function), but got {type(module)}")

    def _register_module(self, module: Any, module_name: Any = None, force: bool = False) -> None:
        self._check_module(module)
        if module_name is None:
            module_name = module.__name__
        names = [module_name] if isinstance(module_name, str) else module_name
        for name in names:
            taken = self._module_dict.get(name)
            if taken is not None and not force:
                where = getattr(taken, "__module__", "an unknown module")
                raise KeyError(f"{name} is already registered in {self._name} at {where}; force=True replaces it")
            self._module_dict[name] = module

    def _add_child(self, registry: Registry) -> None:
        if not isinstance(registry, Registry):
            raise ArgumentTypeError(f"a child of a registry is a Registry, got {type(registry).__name__}")
        if registry.scope in self._children:
            raise MissingKeyError(f"scope {registry.scope} exists in {self._name} registry already")
        self._children[registry.scope] = registry

    def _ask_on_missing(self, key: str) -> Any:
        registry: Registry | None = self
        while registry is not None:
            for ask in registry.on_missing:
                found = ask(key)
                if found is not None:
                    return found
            registry = registry.parent
        return None
