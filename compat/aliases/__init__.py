"""`import mmcv` and `import mmengine`, answered by the runtimes."""

from mmmigrate.compat.aliases.table import runtime_module

__all__ = ["runtime_module"]
