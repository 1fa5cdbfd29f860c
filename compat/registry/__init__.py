"""Registries: names in configs to classes and functions, without torch."""

from mmmigrate.compat.registry.build import (
    build_from_cfg,
    call_with_context,
    check_build_arguments,
    merged_arguments,
    resolve_type,
)
from mmmigrate.compat.registry.core import Registry

__all__ = [
    "Registry",
    "build_from_cfg",
    "call_with_context",
    "check_build_arguments",
    "merged_arguments",
    "resolve_type",
]
