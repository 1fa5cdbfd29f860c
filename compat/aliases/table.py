"""Which runtime module answers for which module of the real libraries."""

from __future__ import annotations

RUNTIMES = {"mmcv": "mmmigrate.runtime_v2", "mmengine": "mmmigrate.runtime_v3"}


def runtime_module(name: str) -> str:
    """The module to import for a module path of mmcv or mmengine; any other path stays as it is.

    >>> runtime_module("mmengine.model"), runtime_module("my_project.models")
    ('mmmigrate.runtime_v3.model', 'my_project.models')
    """
    library, dot, rest = name.partition(".")
    runtime = RUNTIMES.get(library)
    return name if runtime is None else runtime + dot + rest
