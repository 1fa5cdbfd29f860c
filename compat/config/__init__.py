"""Config files of both generations: read, merged along their bases, changed, written. Without torch."""

from mmmigrate.compat.config.config import Config
from mmmigrate.compat.config.config_dict import ConfigDict
from mmmigrate.compat.config.imports import import_modules_from_strings
from mmmigrate.compat.config.loading import Loaded, Loader
from mmmigrate.compat.config.merge import BASE_KEY, DELETE_KEY, DEPRECATION_KEY, RESERVED_KEYS, merge
from mmmigrate.compat.config.options import DictAction, OptionsAction, add_args
from mmmigrate.compat.config.pretty import pretty_text

__all__ = [
    "BASE_KEY",
    "DELETE_KEY",
    "DEPRECATION_KEY",
    "RESERVED_KEYS",
    "Config",
    "ConfigDict",
    "DictAction",
    "Loaded",
    "Loader",
    "OptionsAction",
    "add_args",
    "import_modules_from_strings",
    "merge",
    "pretty_text",
]
