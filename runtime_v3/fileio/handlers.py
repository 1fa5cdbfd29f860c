"""The table of file handlers, by suffix."""

from mmmigrate.compat.fileio.formats import plain_value as set_default
from mmmigrate.compat.fileio.handlers import file_handlers

__all__ = ["file_handlers", "set_default"]
