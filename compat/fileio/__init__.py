"""Reading and writing files and stored objects, on the local disk and wherever fsspec reaches."""

from mmmigrate.compat.fileio.backend_choice import get_file_backend, register_backend
from mmmigrate.compat.fileio.client import (
    BaseStorageBackend,
    FileClient,
    HardDiskBackend,
    HTTPBackend,
    LocalBackend,
    PetrelBackend,
)
from mmmigrate.compat.fileio.copying import (
    copy_if_symlink_fails,
    copyfile,
    copyfile_from_local,
    copyfile_to_local,
    copytree,
    copytree_from_local,
    copytree_to_local,
)
from mmmigrate.compat.fileio.formats import dump, dumps, load, loads
from mmmigrate.compat.fileio.handlers import (
    BaseFileHandler,
    JsonHandler,
    PickleHandler,
    YamlHandler,
    register_handler,
)
from mmmigrate.compat.fileio.lines import dict_from_file, list_from_file
from mmmigrate.compat.fileio.storage import (
    exists,
    get,
    get_local_path,
    get_text,
    isdir,
    isfile,
    join_path,
    list_dir_or_file,
    put,
    put_text,
    remove,
    rmtree,
)

__all__ = [
    "BaseFileHandler",
    "BaseStorageBackend",
    "FileClient",
    "HTTPBackend",
    "HardDiskBackend",
    "JsonHandler",
    "LocalBackend",
    "PetrelBackend",
    "PickleHandler",
    "YamlHandler",
    "copy_if_symlink_fails",
    "copyfile",
    "copyfile_from_local",
    "copyfile_to_local",
    "copytree",
    "copytree_from_local",
    "copytree_to_local",
    "dict_from_file",
    "dump",
    "dumps",
    "exists",
    "get",
    "get_file_backend",
    "get_local_path",
    "get_text",
    "isdir",
    "isfile",
    "join_path",
    "list_dir_or_file",
    "list_from_file",
    "load",
    "loads",
    "put",
    "put_text",
    "register_backend",
    "register_handler",
    "remove",
    "rmtree",
]
