"""EXTRA_HOOKS: hooks of mmdet 2.x under mmdet's names.

They answer for a name in HOOKS only if nothing is registered there, so that a project that brings its own hook of
that name, as mmdet itself does, keeps its own.
"""

from __future__ import annotations

from mmmigrate.runtime_v2.registries import HOOKS
from mmmigrate.runtime_v2.registry import Registry

EXTRA_HOOKS = Registry("extra hook")
HOOKS.on_missing.append(EXTRA_HOOKS.get)
