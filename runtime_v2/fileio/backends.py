"""Backends of the services that mmcv reads from: Petrel (or any S3), Ceph, LMDB and HTTP."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mmmigrate.compat import fileio
from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.compat.fileio.client import StorageBackend
from mmmigrate.compat.fileio.storage import PathLike

PathMapping = dict[str, str] | None


def _mapped(path: PathLike, path_mapping: PathMapping) -> str:
    """The path as the service knows it."""
    text = os.fspath(path)
    for here, there in (path_mapping or {}).items():
        text = text.replace(here, there)
    return text


def _checked(path_mapping: PathMapping) -> PathMapping:
    if path_mapping is not None and not isinstance(path_mapping, dict):
        raise ArgumentTypeError(f"path_mapping must be a dict or None, got {path_mapping!r}")
    return path_mapping


class CephBackend(fileio.BaseStorageBackend):
    """Objects of Ceph, through the package `ceph`; `path_mapping` replaces beginnings of local paths."""

    def __init__(self, path_mapping: PathMapping = None) -> None:
        super().__init__()
        self._client = import_module("ceph").S3Client()
        self.path_mapping = _checked(path_mapping)

    def get(self, filepath: PathLike) -> Any:
        return memoryview(self._client.Get(_mapped(filepath, self.path_mapping)))

    def get_text(self, filepath: PathLike, encoding: str | None = None) -> str:
        raise NotImplementedError("Ceph is read as bytes only")


class LmdbBackend(fileio.LmdbBackend):
    """Values of an LMDB database, which are bytes only."""

    def get_text(self, filepath: PathLike, encoding: str | None = None) -> str:
        raise NotImplementedError("LMDB is read as bytes only")


class HTTPBackend(fileio.HTTPBackend):
    """Downloads by http:// and https:// URLs."""

    def get(self, filepath: PathLike) -> bytes:
        return super().get(_url(filepath))

    def get_text(self, filepath: PathLike, encoding: str = "utf-8") -> str:
        return super().get_text(_url(filepath), encoding)


def _url(path: PathLike) -> str:
    if not os.fspath(path).startswith(("http://", "https://")):
        raise ValueError(f"{os.fspath(path)} is no http:// or https:// URL")
    return os.fspath(path)


class PetrelBackend(StorageBackend):
    """Objects behind s3:// URLs: through the package `petrel_client` if it is installed, else through fsspec.

    `path_mapping` replaces beginnings of local paths; `enable_mc` and `conf_path` are for petrel_client.
    """

    def __init__(self, path_mapping: PathMapping = None, enable_mc: bool = True, conf_path: str | None = None) -> None:
        super().__init__()
        self.path_mapping = _checked(path_mapping)
        self._client: Any = None
        try:
            client_module = import_module("petrel_client.client")
        except ImportError:
            return
        options = {"enable_mc": enable_mc} if conf_path is None else {"conf_path": conf_path, "enable_mc": enable_mc}
        self._client = client_module.Client(**options)

    def _map_path(self, filepath: PathLike) -> str:
        return _mapped(filepath, self.path_mapping)

    def _format_path(self, filepath: str) -> str:
        """With slashes, also where a path was joined on Windows."""
        return filepath.replace("\\", "/")

    def _place(self, filepath: PathLike) -> str:
        return self._format_path(self._map_path(filepath))

    def _call(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] | None = getattr(self._client, name, None)
        if method is None:
            raise NotImplementedError(f"this version of petrel_client has no {name}: please upgrade it")
        return method

    def get(self, filepath: PathLike) -> Any:
        place = self._place(filepath)
        return super().get(place) if self._client is None else memoryview(self._client.Get(place))

    def get_text(self, filepath: PathLike, encoding: str = "utf-8") -> str:
        return str(self.get(filepath), encoding=encoding)

    def put(self, obj: bytes, filepath: PathLike) -> None:
        place = self._place(filepath)
        if self._client is None:
            super().put(obj, place)
        else:
            self._client.put(place, obj)

    def put_text(self, obj: str, filepath: PathLike, encoding: str = "utf-8") -> None:
        self.put(bytes(obj, encoding=encoding), filepath)

    def remove(self, filepath: PathLike) -> None:
        place = self._place(filepath)
        if self._client is None:
            super().remove(place)
        else:
            self._call("delete")(place)

    def exists(self, filepath: PathLike) -> bool:
        place = self._place(filepath)
        if self._client is None:
            return super().exists(place)
        contains, isdir = self._call("contains"), self._call("isdir")
        return bool(contains(place) or isdir(place))

    def isdir(self, filepath: PathLike) -> bool:
        place = self._place(filepath)
        return super().isdir(place) if self._client is None else bool(self._call("isdir")(place))

    def isfile(self, filepath: PathLike) -> bool:
        place = self._place(filepath)
        return super().isfile(place) if self._client is None else bool(self._call("contains")(place))

    def join_path(self, filepath: PathLike, *filepaths: PathLike) -> str:
        first = self._place(filepath).removesuffix("/")
        return "/".join([first, *(self._place(path) for path in filepaths)])

    @contextmanager
    def get_local_path(self, filepath: PathLike) -> Iterator[str]:
        place = self._place(filepath)
        if not self.isfile(place):
            raise FileNotFoundError(f"{place} is not a file")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, place.rpartition("/")[2])  # noqa: PTH118 (a str is promised)
            with open(path, "wb") as file:  # noqa: PTH123
                file.write(self.get(place))
            yield path

    def list_dir_or_file(
        self,
        dir_path: PathLike,
        list_dir: bool = True,
        list_file: bool = True,
        suffix: str | tuple[str, ...] | None = None,
        recursive: bool = False,
    ) -> Iterator[str]:
        if self._client is None:
            return super().list_dir_or_file(self._place(dir_path), list_dir, list_file, suffix, recursive)
        self._call("list")
        if list_dir and suffix is not None:
            raise TypeError("`list_dir` should be False when `suffix` is not None")
        if suffix is not None and not isinstance(suffix, (str, tuple)):
            raise TypeError("`suffix` must be a string or tuple of strings")
        root = self._place(dir_path).rstrip("/") + "/"
        return self._listed(root, "", list_dir, list_file, suffix, recursive)

    def _listed(
        self, root: str, below: str, list_dir: bool, list_file: bool, suffix: Any, recursive: bool
    ) -> Iterator[str]:
        for name in self._client.list(root + below):
            path = below + name
            if name.endswith("/"):  # a folder, to petrel_client
                if list_dir:
                    yield path.rstrip("/")
                if recursive:
                    yield from self._listed(root, path, list_dir, list_file, suffix, recursive)
            elif list_file and (suffix is None or name.endswith(suffix)):
                yield path
