"""A config as Python text that gives the same config when it is read."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable
from typing import Any

LINE_LENGTH = 79


def pretty_text(values: dict[Any, Any], sort_keys: bool = False) -> str:
    """The assignments that make up a config file, one top-level key after the other.

    What fits on a line stays on it; longer dicts, lists and tuples have one item per line, indented by four.
    `sort_keys` sorts the keys of every dict.

    >>> print(pretty_text({"lr": 0.1, "model": {"type": "ResNet", "depth": 50}}), end="")
    lr = 0.1
    model = dict(type='ResNet', depth=50)
    """
    lines = []
    for key, value in _items(values, sort_keys):
        target = key if _is_name(key) else f"globals()[{key!r}]"
        lines.append(f"{target} = {_format(value, 0, len(str(target)) + 3, sort_keys)}\n")
    return "".join(lines)


def _format(value: Any, indent: int, used: int, sort_keys: bool) -> str:
    """The value as text; `used` columns of its first line are taken already."""
    short = _inline(value, sort_keys)
    room = LINE_LENGTH - indent - used - 1
    if len(short) <= room or not isinstance(value, (dict, list, tuple)) or not value:
        return short
    inner = indent + 4
    pad = " " * inner
    if isinstance(value, dict):
        opening, closing = ("dict(", ")") if _has_names(value) else ("{", "}")
        items = []
        for key, item in _items(value, sort_keys):
            head = f"{key}=" if opening == "dict(" else f"{key!r}: "
            items.append(f"{pad}{head}{_format(item, inner, len(head), sort_keys)}")
    else:
        opening, closing = ("[", "]") if isinstance(value, list) else ("(", ")")
        items = [f"{pad}{_format(item, inner, 0, sort_keys)}" for item in value]
    body = ",\n".join(items)
    last = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return f"{opening}\n{body}{last}{closing}"


def _inline(value: Any, sort_keys: bool) -> str:
    if isinstance(value, dict):
        if _has_names(value):
            return f"dict({', '.join(f'{key}={_inline(item, sort_keys)}' for key, item in _items(value, sort_keys))})"
        return f"{{{', '.join(f'{key!r}: {_inline(item, sort_keys)}' for key, item in _items(value, sort_keys))}}}"
    if isinstance(value, list):
        return f"[{', '.join(_inline(item, sort_keys) for item in value)}]"
    if type(value) is tuple:
        items = [_inline(item, sort_keys) for item in value]
        return f"({items[0]}, )" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    return repr(value) if isinstance(value, str) else str(value)


def _items(values: dict[Any, Any], sort_keys: bool) -> Iterable[tuple[Any, Any]]:
    items = dict.items(values)
    return sorted(items, key=lambda item: str(item[0])) if sort_keys else items


def _has_names(values: dict[Any, Any]) -> bool:
    return all(_is_name(key) for key in dict.keys(values))


def _is_name(key: Any) -> bool:
    return isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key)
