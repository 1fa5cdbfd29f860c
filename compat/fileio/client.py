"""`FileClient`: file access through a named backend, the form that v2 configs and hooks use."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.fileio import copying, storage
from mmmigrate.compat.fileio.storage import BackendArgs, PathLike
from mmmigrate.compat.suggest import did_you_mean


class BaseStorageBackend(ABC):
    """What every storage backend offers; a project's own define `get` and `get_text`, and what else they can."""

    _allow_symlink = False

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def allow_symlink(self) -> bool:
        """Whether symbolic links can be made there."""
        return self._allow_symlink

    @abstractmethod
    def get(self, filepath: PathLike) -> Any:
        """The bytes of a file."""

    @abstractmethod
    def get_text(self, filepath: PathLike) -> Any:
        """The text of a file."""


class StorageBackend(BaseStorageBackend):
    """Files on this machine and wherever fsspec reaches, which takes the options."""

    def __init__(self, **options: Any) -> None:
        self.options: BackendArgs = options or None

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

    def copyfile(self, src: PathLike, dst: PathLike) -> PathLike:
        return _as_given(copying.copyfile(src, dst, self.options), dst)

    def copytree(self, src: PathLike, dst: PathLike) -> PathLike:
        return _as_given(copying.copytree(src, dst, self.options), dst)

    def copyfile_from_local(self, src: PathLike, dst: PathLike) -> PathLike:
        return self.copyfile(src, dst)

    def copytree_from_local(self, src: PathLike, dst: PathLike) -> PathLike:
        return self.copytree(src, dst)

    def copyfile_to_local(self, src: PathLike, dst: PathLike) -> PathLike:
        return self.copyfile(src, dst)

    def copytree_to_local(self, src: PathLike, dst: PathLike) -> PathLike:
        return self.copytree(src, dst)

    def copy_if_symlink_fails(self, src: PathLike, dst: PathLike) -> bool:
        return copying.copy_if_symlink_fails(src, dst, self.options)


def _as_given(path: str, given: PathLike) -> PathLike:
    return path if isinstance(given, str) else type(given)(path)  # type: ignore[call-arg]


class HardDiskBackend(StorageBackend):
    """Files on this machine."""

    _allow_symlink = True


class LocalBackend(HardDiskBackend):
    """Files on this machine, under the name that the new generation gives it."""


class HTTPBackend(StorageBackend):
    """Files behind http:// and https:// URLs."""


class PetrelBackend(StorageBackend):
    """Objects behind s3:// URLs, through fsspec and the package it names for them."""


class LmdbBackend(BaseStorageBackend):
    """Values of an LMDB database, under their keys; needs the package lmdb. Other options go to `lmdb.open`."""

    def __init__(
        self, db_path: PathLike, readonly: bool = True, lock: bool = False, readahead: bool = False, **kwargs: Any
    ) -> None:
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


class MemcachedBackend(BaseStorageBackend):
    """Values of a memcached server, by the package `mc`. Raises ImportError where that is not installed.

    `sys_path`: a folder that is looked through for it, too.
    """

    def __init__(self, server_list_cfg: str, client_cfg: str, sys_path: str | None = None) -> None:
        if sys_path is not None:
            sys.path.append(sys_path)
        try:
            self._mc = import_module("mc")
        except ImportError as error:
            raise ImportError("Please install memcached's package mc to enable MemcachedBackend.") from error
        self._client = self._mc.MemcachedClient.GetInstance(server_list_cfg, client_cfg)
        self._buffer = self._mc.pyvector()

    def get(self, filepath: PathLike) -> Any:
        self._client.Get(os.fspath(filepath), self._buffer)
        return self._mc.ConvertBuffer(self._buffer)

    def get_text(self, filepath: PathLike, encoding: str | None = None) -> Any:
        raise NotImplementedError("MemcachedBackend has no text: use get")


class TakenNameError(KeyError, ValueError):
    """A name is registered already: one library says so by the one error, the other by the other."""

    __str__ = ValueError.__str__


class UnknownSchemeError(KeyError, ValueError):
    """A URL begins with a scheme that nothing reads: one function says so by the one error, another by the other."""

    __str__ = ValueError.__str__


def _through_fsspec(scheme: str) -> type[BaseStorageBackend]:
    import fsspec

    # "zip::s3" reads a member of what the second names.
    if scheme.partition("::")[0] not in fsspec.available_protocols():
        raise UnknownSchemeError(f"prefix {scheme} is not supported: fsspec knows no {scheme}://")
    return StorageBackend


class FileClient:
    """Access to files through one backend, chosen by name (`backend`) or by the scheme of a URL (`prefix`).

    Without either it is the local disk. Other options go to the backend.
    """

    _backends: ClassVar[dict[str, type[BaseStorageBackend]]] = {
        "disk": HardDiskBackend,
        "local": LocalBackend,
        "http": HTTPBackend,
        "lmdb": LmdbBackend,
        "memcached": MemcachedBackend,
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
            own = self._prefix_to_backends.get(prefix)
            return own if own is not None else _through_fsspec(prefix)
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
        if not isinstance(uri, (str, os.PathLike)):
            raise ArgumentTypeError(f"a path or URL is a string or a Path, got {uri!r}")
        scheme, separator, _ = os.fspath(uri).partition("://")
        return scheme.rpartition(":")[2] if separator else None

    @classmethod
    def infer_client(cls, file_client_args: BackendArgs = None, uri: PathLike | None = None) -> FileClient:
        """The client that the arguments describe, or else the one for the scheme of `uri`."""
        if file_client_args is not None:
            return cls(**file_client_args)
        if uri is None:
            raise ArgumentValueError("infer_client needs file_client_args or a uri")
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
            if prefixes is not None and not isinstance(prefixes, (str, list, tuple)):
                raise TypeError(f"prefixes should be a str or a list or tuple of str, but got {prefixes!r}")
            schemes = [prefixes] if isinstance(prefixes, str) else list(prefixes or [])
            cls._enter(cls._prefix_to_backends, schemes, backend_cls, force)
            return backend_cls

        if backend is None:
            return register
        register(backend)
        return None

    @staticmethod
    def _enter(table: dict[str, Any], names: list[str], backend: Any, force: bool) -> None:
        if not isinstance(backend, type):
            raise TypeError(f"backend should be a class, but got {type(backend)}")
        if not issubclass(backend, BaseStorageBackend):
            raise TypeError(f"backend {backend!r} is not a subclass of BaseStorageBackend")
        for name in names:
            if name in table and not force:
                raise TakenNameError(f"{name} is already registered as a storage backend; force=True overrides it")
            table[name] = backend

    def __reduce__(self) -> Any:
        # Made anew from its arguments, not filled in: without arguments __new__ gives the shared client of the disk.
        return self._remake, ()

    def __getattr__(self, name: str) -> Any:
        if name in ("client", "_remake"):  # an instance that is being made has none yet
            raise AttributeError(name)
        return getattr(self.client, name)
