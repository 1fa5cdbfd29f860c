"""Decorators that say what a function needs to be installed."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from importlib import import_module
from typing import Any

_MESSAGE = 'Prerequisites "{}" are required in method "{}" but not found, please install them first.'


def check_prerequisites(
    prerequisites: str | list[str], checker: Callable[[str], bool], msg_tmpl: str = _MESSAGE
) -> Callable[..., Any]:
    """A decorator: each call first asks `checker` for every prerequisite; RuntimeError names those that are missing."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            names = [prerequisites] if isinstance(prerequisites, str) else prerequisites
            missing = [name for name in names if not checker(name)]
            if missing:
                message = msg_tmpl.format(", ".join(missing), function.__name__)
                print(message)  # as mmcv and mmengine do: programs that catch the error show it
                raise RuntimeError(message)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def requires_package(prerequisites: str | list[str]) -> Callable[..., Any]:
    """A decorator for a function that needs Python packages."""
    return check_prerequisites(prerequisites, checker=_is_importable)


def requires_executable(prerequisites: str | list[str]) -> Callable[..., Any]:
    """A decorator for a function that needs programs on the search path."""
    return check_prerequisites(prerequisites, checker=lambda name: shutil.which(name) is not None)


def _is_importable(package: str) -> bool:
    try:
        import_module(package)
    except ImportError:
        return False
    return True
