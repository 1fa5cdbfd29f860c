"""Configs as mmcv 1.x has them."""

from mmmigrate.compat.config import Config, ConfigDict, DictAction, add_args, import_modules_from_strings

__all__ = ["Config", "ConfigDict", "DictAction", "add_args", "import_modules_from_strings"]
