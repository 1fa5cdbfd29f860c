"""Files as mmcv 1.x reads and writes them."""

from mmmigrate.compat.fileio import (
    BaseFileHandler,
    BaseStorageBackend,
    HardDiskBackend,
    JsonHandler,
    PickleHandler,
    YamlHandler,
)
from mmmigrate.compat.fileio.client import MemcachedBackend
from mmmigrate.compat.fileio.formats import plain_value as set_default
from mmmigrate.runtime_v2.fileio.backends import (
    CephBackend,
    HTTPBackend,
    LmdbBackend,
    PetrelBackend,
)
from mmmigrate.runtime_v2.fileio.client import FileClient
from mmmigrate.runtime_v2.fileio.io import dump, load, register_handler
from mmmigrate.runtime_v2.fileio.parse import dict_from_file, list_from_file

__all__ = [
    "BaseFileHandler",
    "BaseStorageBackend",
    "CephBackend",
    "FileClient",
    "HTTPBackend",
    "HardDiskBackend",
    "JsonHandler",
    "LmdbBackend",
    "MemcachedBackend",
    "PetrelBackend",
    "PickleHandler",
    "YamlHandler",
    "dict_from_file",
    "dump",
    "list_from_file",
    "load",
    "register_handler",
    "set_default",
]
