"""`FileClient`: file access through a named backend, the form that v2 configs and hooks use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

from mmmigrate.compat.fileio import storage
from mmmigrate.compat.fileio.storage import BackendArgs, PathLike
from mmmigrate.compat.suggest import did_you_mean


class BaseStorageBackend:
    """What a storage backend offers; subclasses override what they do differently, at least `get` and `get_text`."""

    _allow_symlink = False

    def __init__(self, **options: Any) -> None:
        self.options: BackendArgs = options or None

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def allow_symlink(self) -> bool:
        """Whether symbolic links can be made there."""
        return self._allow_symlink

    def get(self, filepath: PathLike) -> bytes:
        return storage.get(filepath, self.options)

    def get_text(self, filepath: PathLike, encoding: str = "utf-8") -> str:
        return storage.get_text(filepath, encoding, self.options)

    def put(self, obj: bytes, filepath: PathLike) -> None:
        storage.put(obj, filepath, self.options)

    def put_text(self, obj: str, filepath: PathLike, encoding: str = "utf-8") -> None:
        storage.put_text(obj, filepath, encoding, self.options)

    def exists(self, filepath: PathLike) -> bool:
        return storage.exists(filepath, self.options)

    def isdir(self, filepath: PathLike) -> bool:
        return storage.isdir(filepath, self.options)

    def isfile(self, filepath: PathLike) -> bool:
        return storage.isfile(filepath, self.options)

    def remove(self, filepath: PathLike) -> None:
        storage.remove(filepath, self.options)

    def rmtree(self, dir_path: PathLike) -> None:
        storage.rmtree(dir_path, self.options)

    def join_path(self, filepath: PathLike, *filepaths: PathLike) -> str:
        return storage.join_path(filepath, *filepaths)

    def get_local_path(self, filepath: PathLike) -> AbstractContextManager[str]:
        return storage.get_local_path(filepath, self.options)

    def list_dir_or_file(
        self,
        dir_path: PathLike,
        list_dir: bool = True,
        list_file: bool = True,
        suffix: str | tuple[str, ...] | None = None,
        recursive: bool = False,
    ) -> Iterator[str]:
        return storage.list_dir_or_file(dir_path, list_dir, list_file, suffix, recursive, self.options)


class HardDiskBackend(BaseStorageBackend):
    """Files on this machine."""

    _allow_symlink = True


class LocalBackend(HardDiskBackend):
    """Files on this machine, under the name that the new generation gives it."""


class HTTPBackend(BaseStorageBackend):
    """Files behind http:// and https:// URLs."""


class PetrelBackend(BaseStorageBackend):
    """Objects behind s3:// URLs, through fsspec and the package it names for them."""


class LmdbBackend(BaseStorageBackend):
    """Values of an LMDB database, under their keys; needs the package lmdb. Other options go to `lmdb.open`."""

    def __init__(
        self, db_path: PathLike, readonly: bool = True, lock: bool = False, readahead: bool = False, **kwargs: Any
    ) -> None:
        super().__init__()
        self.db_path = os.fspath(db_path)
        self._open_options = {"readonly": readonly, "lock": lock, "readahead": readahead, **kwargs}
        self._database: Any = None

    def get(self, filepath: PathLike) -> bytes:
        """The value under a key. KeyError if there is none."""
        if self._database is None:
            # Opened on first use: an open database can't be handed to the worker processes of a data loader.
            self._database = import_module("lmdb").open(self.db_path, **self._open_options)
        with self._database.begin(write=False) as transaction:
            value: bytes | None = transaction.get(os.fspath(filepath).encode())
        if value is None:
            raise KeyError(f"{self.db_path} has no key {os.fspath(filepath)!r}")
        return value

    def get_text(self, filepath: PathLike, encoding: str = "utf-8") -> str:
        return self.get(filepath).decode(encoding)


class FileClient:
    """Access to files through one backend, chosen by name (`backend`) or by the scheme of a URL (`prefix`).

    Without either it is the local disk. Other options go to the backend.
    """

    _backends: ClassVar[dict[str, type[BaseStorageBackend]]] = {
        "disk": HardDiskBackend,
        "local": LocalBackend,
        "http": HTTPBackend,
        "lmdb": LmdbBackend,
        "petrel": PetrelBackend,
        "ceph": PetrelBackend,
    }
    _prefix_to_backends: ClassVar[dict[str, type[BaseStorageBackend]]] = {
        "s3": PetrelBackend,
        "petrel": PetrelBackend,
        "http": HTTPBackend,
        "https": HTTPBackend,
    }

    # One client for the same arguments: backends may hold connections.
    _instances: ClassVar[dict[str, FileClient]] = {}

    client: BaseStorageBackend
    _remake: partial[FileClient]

    def __new__(cls, backend: str | None = None, prefix: str | None = None, **kwargs: Any) -> FileClient:
        key = repr((backend or (prefix is None and "disk"), prefix, sorted(kwargs.items(), key=str)))
        if key not in cls._instances:
            made = super().__new__(cls)
            made.client = made._choose(backend, prefix)(**kwargs)
            made._remake = partial(cls, backend, prefix, **kwargs)
            cls._instances[key] = made
        return cls._instances[key]

    def _choose(self, backend: str | None, prefix: str | None) -> type[BaseStorageBackend]:
        if backend is not None:
            found = self._backends.get(backend)
            if found is None:
                raise ValueError(f"Backend {backend} is not supported{did_you_mean(backend, self._backends)}")
            return found
        if prefix is not None:
            # Any scheme that fsspec knows works; only those with a name of their own are in the table.
            return self._prefix_to_backends.get(prefix, BaseStorageBackend)
        return HardDiskBackend

    @property
    def name(self) -> str:
        return self.client.name

    @property
    def allow_symlink(self) -> bool:
        return self.client.allow_symlink

    @staticmethod
    def parse_uri_prefix(uri: PathLike) -> str | None:
        """The scheme of a URL ("s3" of "s3://bucket/key", also of "cluster:s3://…"), None for a path."""
        scheme, separator, _ = os.fspath(uri).partition("://")
        return scheme.rpartition(":")[2] if separator else None

    @classmethod
    def infer_client(cls, file_client_args: BackendArgs = None, uri: PathLike | None = None) -> FileClient:
        """The client that the arguments describe, or else the one for the scheme of `uri`."""
        if file_client_args is not None:
            return cls(**file_client_args)
        if uri is None:
            raise ValueError("infer_client needs file_client_args or a uri")
        return cls(prefix=cls.parse_uri_prefix(uri))

    @classmethod
    def register_backend(
        cls,
        name: str,
        backend: type[BaseStorageBackend] | None = None,
        force: bool = False,
        prefixes: str | list[str] | tuple[str, ...] | None = None,
    ) -> Callable[[type[BaseStorageBackend]], type[BaseStorageBackend]] | None:
        """Makes a backend class known by a name and by URL schemes; a decorator without `backend`.

        A taken name or scheme is a KeyError unless `force`.
        """
        if not isinstance(name, str):
            raise TypeError(f"the backend name should be a string, but got {type(name)}")

        def register(backend_cls: type[BaseStorageBackend]) -> type[BaseStorageBackend]:
            cls._instances.clear()
            cls._enter(cls._backends, [name], backend_cls, force)
            schemes = [prefixes] if isinstance(prefixes, str) else list(prefixes or [])
            cls._enter(cls._prefix_to_backends, schemes, backend_cls, force)
            return backend_cls

        if backend is None:
            return register
        register(backend)
        return None

    @staticmethod
    def _enter(table: dict[str, Any], names: list[str], backend: Any, force: bool) -> None:
        if not (isinstance(backend, type) and issubclass(backend, BaseStorageBackend)):
            raise TypeError(f"backend {backend!r} is not a subclass of BaseStorageBackend")
        for name in names:
            if name in table and not force:
                raise KeyError(f"{name} is already registered as a storage backend; force=True overrides it")
            table[name] = backend

    def __reduce__(self) -> Any:
        # Made anew from its arguments, not filled in: without arguments __new__ gives the shared client of the disk.
        return self._remake, ()

    def __getattr__(self, name: str) -> Any:
        if name in ("client", "_remake"):  # an instance that is being made has none yet
            raise AttributeError(name)
        return getattr(self.client, name)
