"""The libraries that have aliases."""

from __future__ import annotations

from mmmigrate.compat.aliases.library import Library
from mmmigrate.compat.aliases.mmcv import MMCV
from mmmigrate.compat.aliases.mmengine import MMENGINE

__all__ = ["LIBRARIES", "Library"]

LIBRARIES = {library.name: library for library in (MMCV, MMENGINE)}
