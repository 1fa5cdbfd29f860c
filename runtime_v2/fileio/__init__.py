"""Files as mmcv 1.x reads and writes them."""

from mmmigrate.compat.fileio import (
    BaseFileHandler,
    BaseStorageBackend,
    FileClient,
    HardDiskBackend,
    HTTPBackend,
    JsonHandler,
    LmdbBackend,
    PetrelBackend,
    PickleHandler,
    YamlHandler,
    dict_from_file,
    dump,
    list_from_file,
    load,
    register_handler,
)

__all__ = [
    "BaseFileHandler",
    "BaseStorageBackend",
    "FileClient",
    "HTTPBackend",
    "HardDiskBackend",
    "JsonHandler",
    "LmdbBackend",
    "PetrelBackend",
    "PickleHandler",
    "YamlHandler",
    "dict_from_file",
    "dump",
    "list_from_file",
    "load",
    "register_handler",
]
