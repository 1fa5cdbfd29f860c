"""Decorators for functions and arguments that are on their way out."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError


def deprecated_api_warning(name_dict: dict[str, str], cls_name: str | None = None) -> Callable[..., Any]:
    """A decorator that accepts old argument names: `{old: new}`, with a DeprecationWarning.

    Old and new name in one call are a TypeError. `cls_name` stands before the function's name in the warning.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__ if cls_name is None else f"{cls_name}.{function.__name__}"

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for old, new in name_dict.items():
                if old not in kwargs:
                    continue
                if new in kwargs:
                    raise ArgumentTypeError(
                        f"`{name}` got both {old!r}, which is deprecated, and {new!r}, its new name"
                    )
                message = f'"{old}" is deprecated in `{name}`, please use "{new}" instead'
                warnings.warn(message, DeprecationWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def deprecated_function(since: str, removed_in: str, instructions: str) -> Callable[..., Any]:
    """A decorator for a function that a release deprecates: each call warns, and the docstring says it.

    `instructions` follow the word "please". The note in the docstring has the indentation of what it stands before.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{function.__module__}.{function.__name__}"

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            message = (
                f"{name!r} is deprecated in version {since} and will be removed in version {removed_in}. "
                f"Please {instructions}."
            )
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        note = (
            f".. deprecated:: {since}",
            f"    Deprecated and will be removed in version {removed_in}.",
            f"    Please {instructions}.",
            "",
            "",
            f"    {function.__doc__ or ''}",
        )
        wrapper.__doc__ = "\n".join(note)
        return wrapper

    return decorate
