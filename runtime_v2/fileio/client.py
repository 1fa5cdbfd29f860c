"""mmcv's `FileClient`: its names for backends, and its own table of them."""

from __future__ import annotations

from typing import ClassVar

from mmmigrate.compat import fileio
from mmmigrate.compat.fileio.storage import BackendArgs, PathLike
from mmmigrate.runtime_v2.fileio.backends import (
    CephBackend,
    HTTPBackend,
    LmdbBackend,
    PetrelBackend,
)

Backends = dict[str, type[fileio.BaseStorageBackend]]


class FileClient(fileio.FileClient):
    """Access to files through one backend, chosen by name (`backend`) or by the scheme of a URL (`prefix`)."""

    _backends: ClassVar[Backends] = {
        **fileio.FileClient._backends,
        "ceph": CephBackend,
        "http": HTTPBackend,
        "lmdb": LmdbBackend,
        "petrel": PetrelBackend,
    }
    _prefix_to_backends: ClassVar[Backends] = {
        "s3": PetrelBackend,
        "petrel": PetrelBackend,
        "http": HTTPBackend,
        "https": HTTPBackend,
    }
    _instances: ClassVar[dict[str, fileio.FileClient]] = {}

    @classmethod
    def infer_client(cls, file_client_args: BackendArgs = None, uri: PathLike | None = None) -> FileClient:
        """The client that the arguments describe, or else the one for the scheme of `uri`."""
        client = super().infer_client(file_client_args, uri)
        if not isinstance(client, FileClient):
            raise TypeError(f"{cls.__name__} made a {type(client).__name__}")
        return client
