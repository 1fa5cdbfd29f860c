"""Objects that are found again by name: loggers, message hubs, visualizers."""

from __future__ import annotations

import inspect
import threading
import warnings
from typing import Any, ClassVar, TypeVar

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError

T = TypeVar("T", bound="ManagerMixin")

_lock = threading.RLock()


class ManagerMeta(type):
    """Gives every class its own table of instances, so that a subclass never finds its parent's."""

    _instance_dict: dict[str, Any]

    def __init__(cls, *args: Any) -> None:
        if "name" not in inspect.signature(cls.__init__).parameters:  # type: ignore[misc]
            raise ArgumentTypeError(f"{cls.__name__}.__init__ must have an argument `name`")
        cls._instance_dict = {}
        super().__init__(*args)


class ManagerMixin(metaclass=ManagerMeta):
    """A class whose instances have a name and are shared by all who ask for that name."""

    _instance_dict: ClassVar[dict[str, Any]]

    def __init__(self, name: str = "", **_: Any) -> None:
        if not isinstance(name, str) or not name:
            raise ArgumentValueError(f"{type(self).__name__} needs a non-empty string as its name, got {name!r}")
        self._instance_name = name

    @classmethod
    def get_instance(cls: type[T], name: str, **kwargs: Any) -> T:
        """The instance of that name; it is built with `kwargs` the first time."""
        if not isinstance(name, str):
            raise ArgumentTypeError(f"{cls.__name__}.get_instance needs a string as name, got {name!r}")
        with _lock:
            instances = cls._instance_dict
            if name not in instances:
                instances[name] = cls(name=name, **kwargs)
            elif kwargs:
                warnings.warn(f"{cls.__name__} {name!r} exists already: {sorted(kwargs)} are not used", stacklevel=2)
            found: T = instances[name]
            return found

    @classmethod
    def get_current_instance(cls: type[T]) -> T:
        """The instance that was made last. Raises RuntimeError if there is none."""
        with _lock:
            if not cls._instance_dict:
                raise RuntimeError(f"no {cls.__name__} yet: call {cls.__name__}.get_instance(name) first")
            found: T = cls._instance_dict[next(reversed(cls._instance_dict))]
            return found

    @classmethod
    def check_instance_created(cls, name: str) -> bool:
        return name in cls._instance_dict

    @property
    def instance_name(self) -> str:
        return self._instance_name
