"""EXTRA_HOOKS: hooks of mmdet 2.x under mmdet's names.

They answer for a name in HOOKS only if nothing is registered there, so that a project that brings its own hook of
that name, as mmdet itself does, keeps its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mmmigrate.runtime_v2.registries import HOOKS
from mmmigrate.runtime_v2.registry import Registry

EXTRA_HOOKS = Registry("extra hook")
HOOKS.on_missing.append(EXTRA_HOOKS.get)


def _adapter(name: str) -> Any:
    """A hook of mmmigrate that a converted config names by its path."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute, None) if module == "mmmigrate.compat.adapters" else None


HOOKS.on_missing.append(_adapter)
