"""Files by path or URL: plain paths go straight to the disk, `s3://`, `http://`, `memory://` … through fsspec."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from mmmigrate.compat.atomic import atomic_write

PathLike = str | os.PathLike[str]
# Options of the fsspec file system; the key `backend` of older configs is accepted, the URL decides anyway.
BackendArgs = dict[str, Any] | None


def _filesystem(path: PathLike, backend_args: BackendArgs) -> tuple[Any, str] | None:
    """`(fsspec file system, path in it)` of a URL, None for a path on this machine."""
    text = os.fspath(path)
    if "://" not in text:
        return None
    import fsspec

    options = {key: value for key, value in (backend_args or {}).items() if key not in ("backend", "path_mapping")}
    return fsspec.core.url_to_fs(text, **options)  # type: ignore[no-any-return]


def _local(path: PathLike) -> Path:
    return Path(path).expanduser()


def get(path: PathLike, backend_args: BackendArgs = None) -> bytes:
    """The bytes of a file."""
    if os.fspath(path).startswith(("http://", "https://")):
        # The standard library reads plain downloads; fsspec would want two more packages for it.
        with urlopen(os.fspath(path)) as response:
            content: bytes = response.read()
            return content
    remote = _filesystem(path, backend_args)
    return remote[0].cat_file(remote[1]) if remote else _local(path).read_bytes()


def get_text(path: PathLike, encoding: str = "utf-8", backend_args: BackendArgs = None) -> str:
    """The text of a file."""
    return get(path, backend_args).decode(encoding)


def put(content: bytes, path: PathLike, backend_args: BackendArgs = None) -> None:
    """Writes bytes; missing folders are made, and other processes see the old file or the new one."""
    remote = _filesystem(path, backend_args)
    if remote:
        remote[0].makedirs(remote[0]._parent(remote[1]), exist_ok=True)
        remote[0].pipe_file(remote[1], bytes(content))
        return
    target = _local(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target, "wb") as stream:
        stream.write(content)


def put_text(text: str, path: PathLike, encoding: str = "utf-8", backend_args: BackendArgs = None) -> None:
    """Writes text, as `put` does."""
    put(text.encode(encoding), path, backend_args)


def exists(path: PathLike, backend_args: BackendArgs = None) -> bool:
    """Whether there is a file or folder."""
    remote = _filesystem(path, backend_args)
    return bool(remote[0].exists(remote[1])) if remote else _local(path).exists()


def isdir(path: PathLike, backend_args: BackendArgs = None) -> bool:
    """Whether there is a folder."""
    remote = _filesystem(path, backend_args)
    return bool(remote[0].isdir(remote[1])) if remote else _local(path).is_dir()


def isfile(path: PathLike, backend_args: BackendArgs = None) -> bool:
    """Whether there is a file."""
    remote = _filesystem(path, backend_args)
    return bool(remote[0].isfile(remote[1])) if remote else _local(path).is_file()


def remove(path: PathLike, backend_args: BackendArgs = None) -> None:
    """Deletes a file. Raises FileNotFoundError, and IsADirectoryError for a folder."""
    remote = _filesystem(path, backend_args)
    if isdir(path, backend_args):
        raise IsADirectoryError(f"{os.fspath(path)} is a folder: use rmtree")
    if remote:
        remote[0].rm_file(remote[1])
    else:
        _local(path).unlink()


def rmtree(path: PathLike, backend_args: BackendArgs = None) -> None:
    """Deletes a folder and all that is in it."""
    remote = _filesystem(path, backend_args)
    if remote:
        remote[0].rm(remote[1], recursive=True)
    else:
        shutil.rmtree(_local(path))


def join_path(path: PathLike, *paths: PathLike) -> str:
    """The parts joined to one path or URL."""
    if "://" not in os.fspath(path):
        return os.path.join(path, *paths)  # noqa: PTH118 - a str is promised
    return "/".join([os.fspath(path).rstrip("/"), *(os.fspath(part).strip("/") for part in paths)])


@contextmanager
def get_local_path(path: PathLike, backend_args: BackendArgs = None) -> Iterator[str]:
    """A path on this machine for the time of the block; of a remote file it is a copy that is removed after."""
    remote = _filesystem(path, backend_args)
    if remote is None:
        yield os.fspath(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(remote[1]))  # noqa: PTH118, PTH119 - a str is promised
        remote[0].get_file(remote[1], copy)
        yield copy


def list_dir_or_file(
    dir_path: PathLike,
    list_dir: bool = True,
    list_file: bool = True,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
    backend_args: BackendArgs = None,
) -> Iterator[str]:
    """Paths, relative to `dir_path`, of the folders and files in it; hidden files are left out.

    `suffix` keeps the files that end so, and can't be combined with `list_dir`.
    """
    if list_dir and suffix is not None:
        if _filesystem(dir_path, backend_args) is None:
            raise TypeError("`suffix` should be None when `list_dir` is True")
        raise TypeError("`list_dir` should be False when `suffix` is not None")
    if suffix is not None and not isinstance(suffix, (str, tuple)):
        raise TypeError("`suffix` must be a string or tuple of strings")
    return _listed(dir_path, list_dir, list_file, suffix, recursive, backend_args)


def _listed(
    dir_path: PathLike, list_dir: bool, list_file: bool, suffix: Any, recursive: bool, backend_args: BackendArgs
) -> Iterator[str]:
    for name, is_folder in sorted(_entries(dir_path, backend_args)):
        if not is_folder:
            hidden = name.startswith(".")
            if list_file and not hidden and (suffix is None or name.endswith(suffix)):
                yield name
            continue
        if list_dir:
            yield name
        if recursive:
            folder = join_path(dir_path, name)
            for inner in _listed(folder, list_dir, list_file, suffix, True, backend_args):
                yield f"{name}/{inner}"


def _entries(folder: PathLike, backend_args: BackendArgs) -> list[tuple[str, bool]]:
    remote = _filesystem(folder, backend_args)
    if remote is None:
        with os.scandir(_local(folder)) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]
    listing = remote[0].ls(remote[1], detail=True)
    return [(entry["name"].rstrip("/").rpartition("/")[2], entry["type"] == "directory") for entry in listing]
