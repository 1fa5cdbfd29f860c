"""The scope in which names without a scope are looked up: `default_scope` of a config."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v3.logging.manager import ManagerMixin

_LOGGER = logging.getLogger("mmmigrate.registry")
_COUNTER = itertools.count()


class DefaultScope(ManagerMixin):
    """A scope that was made current; the one made last holds."""

    def __init__(self, name: str, scope_name: str) -> None:
        super().__init__(name)
        if not isinstance(scope_name, str):
            raise ArgumentTypeError(f"scope_name should be a string, but got {scope_name!r}")
        self._scope_name = scope_name

    @property
    def scope_name(self) -> str:
        return self._scope_name

    @classmethod
    def get_current_instance(cls) -> Any:
        """The scope made last, or None when there is none yet."""
        return super().get_current_instance() if cls._instance_dict else None

    @classmethod
    @contextmanager
    def overwrite_default_scope(cls, scope_name: str | None) -> Iterator[None]:
        """Makes `scope_name` current inside the block; None changes nothing."""
        if scope_name is None:
            yield
            return
        before = dict(cls._instance_dict)
        cls.get_instance(f"overwrite-{next(_COUNTER)}", scope_name=scope_name)
        try:
            yield
        finally:
            cls._instance_dict = before


def init_default_scope(scope: str) -> None:
    """Makes `scope` the current default scope, with a warning if another one was."""
    current = DefaultScope.get_current_instance()
    if current is None or not DefaultScope.check_instance_created(scope):
        DefaultScope.get_instance(scope, scope_name=scope)
    elif current.scope_name != scope:
        _LOGGER.warning('the default scope changes from "%s" to "%s"', current.scope_name, scope)
        DefaultScope.get_instance(f"{scope}-{next(_COUNTER)}", scope_name=scope)
