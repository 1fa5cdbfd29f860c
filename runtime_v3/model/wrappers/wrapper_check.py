"""Telling a wrapper from a model."""

from __future__ import annotations

from typing import Any

from mmmigrate.runtime_v3.registry import MODEL_WRAPPERS


def is_model_wrapper(model: Any, registry: Any = MODEL_WRAPPERS) -> bool:
    """Whether `model` is of a class that is registered as a wrapper, here or in a child of the registry."""
    return isinstance(model, tuple(registry.module_dict.values())) or any(
        is_model_wrapper(model, child) for child in registry.children.values()
    )
