"""Files through the backend that a path or the arguments of a config name, those of a project among them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from mmmigrate.compat.fileio import FileClient, get_file_backend

PathLike = str | os.PathLike[str]
BackendArgs = dict[str, Any] | None


def _backend(uri: PathLike, backend_args: BackendArgs) -> Any:
    return get_file_backend(uri, backend_args=backend_args, enable_singleton=True)


def _parse_uri_prefix(uri: PathLike) -> str:
    return FileClient.parse_uri_prefix(uri) or ""


def _get_file_backend(prefix: str, backend_args: dict[str, Any]) -> Any:
    return get_file_backend(f"{prefix}://" if prefix else "", backend_args=backend_args)


def get(filepath: PathLike, backend_args: BackendArgs = None) -> Any:
    """The bytes of a file."""
    return _backend(filepath, backend_args).get(filepath)


def get_text(filepath: PathLike, encoding: str = "utf-8", backend_args: BackendArgs = None) -> Any:
    """The text of a file."""
    return _backend(filepath, backend_args).get_text(filepath, encoding)


def put(obj: bytes, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Writes bytes; missing folders are made."""
    _backend(filepath, backend_args).put(obj, filepath)


def put_text(obj: str, filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Writes text as UTF-8."""
    _backend(filepath, backend_args).put_text(obj, filepath)


def exists(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    return bool(_backend(filepath, backend_args).exists(filepath))


def isdir(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    return bool(_backend(filepath, backend_args).isdir(filepath))


def isfile(filepath: PathLike, backend_args: BackendArgs = None) -> bool:
    return bool(_backend(filepath, backend_args).isfile(filepath))


def join_path(filepath: PathLike, *filepaths: PathLike, backend_args: BackendArgs = None) -> Any:
    """The parts joined to one path or URL."""
    return _backend(filepath, backend_args).join_path(filepath, *filepaths)


def get_local_path(filepath: PathLike, backend_args: BackendArgs = None) -> AbstractContextManager[Any]:
    """A path on this machine for the time of the block."""
    found: AbstractContextManager[Any] = _backend(filepath, backend_args).get_local_path(filepath)
    return found


def remove(filepath: PathLike, backend_args: BackendArgs = None) -> None:
    """Deletes a file."""
    _backend(filepath, backend_args).remove(filepath)


def rmtree(dir_path: PathLike, backend_args: BackendArgs = None) -> None:
    """Deletes a folder and all that is in it."""
    _backend(dir_path, backend_args).rmtree(dir_path)


def list_dir_or_file(
    dir_path: PathLike,
    list_dir: bool = True,
    list_file: bool = True,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
    backend_args: BackendArgs = None,
) -> Iterator[str]:
    """Paths, relative to `dir_path`, of the folders and files in it; hidden files are left out."""
    yield from _backend(dir_path, backend_args).list_dir_or_file(dir_path, list_dir, list_file, suffix, recursive)


def generate_presigned_url(
    url: str, client_method: str = "get_object", expires_in: int = 3600, backend_args: BackendArgs = None
) -> str:
    """A link to a file that holds for `expires_in` seconds. Raises NotImplementedError where there are none."""
    backend = _backend(url, backend_args)
    if not hasattr(backend, "generate_presigned_url"):
        raise NotImplementedError(f"{backend.name} makes no presigned links")
    link: str = backend.generate_presigned_url(url, client_method, expires_in)
    return link
