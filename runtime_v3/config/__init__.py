"""Configs as mmengine has them: text configs with bases of other packages, and pure-Python ones with `read_base`."""

from mmmigrate.compat.config import DictAction
from mmmigrate.runtime_v3.config.config import Config
from mmmigrate.runtime_v3.config.config_dict import ConfigDict
from mmmigrate.runtime_v3.config.errors import ConfigParsingError
from mmmigrate.runtime_v3.config.lazy import LazyAttr, LazyObject
from mmmigrate.runtime_v3.config.python_config import read_base

__all__ = ["Config", "ConfigDict", "ConfigParsingError", "DictAction", "LazyAttr", "LazyObject", "read_base"]
