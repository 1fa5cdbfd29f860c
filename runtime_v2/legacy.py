"""Forms of the very first mmcv releases that later ones still accept."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["obj_from_dict"]


def obj_from_dict(info: dict[str, Any], parent: Any = None, default_args: dict[str, Any] | None = None) -> Any:
    """The object that `info` describes: its `type` is a class, or the name of one in the module `parent`.

    Without `parent` the name is looked up in the loaded modules by its full path. `default_args` fills in keys that
    `info` lacks.
    """
    if not isinstance(info, dict) or "type" not in info:
        raise TypeError(f"info must be a dict with the key 'type', got {info!r}")
    if default_args is not None and not isinstance(default_args, dict):
        raise TypeError(f"default_args must be a dict or None, got {type(default_args)}")
    args = {**(default_args or {}), **info}
    kind = args.pop("type")
    if isinstance(kind, str):
        kind = getattr(parent, kind) if parent is not None else sys.modules[kind]
    elif not isinstance(kind, type):
        raise TypeError(f"type must be a str or valid type, but got {type(kind)}")
    return kind(**args)
