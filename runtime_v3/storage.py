"""Reading and writing where a path may be local or a URL: the local ones atomically, the others through fsspec."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

from mmmigrate.compat.atomic import atomic_write


def is_url(path: str) -> bool:
    return "://" in path


def join(folder: str, *names: str) -> str:
    if is_url(folder):
        return "/".join([folder.rstrip("/"), *names])
    return str(Path(folder).joinpath(*names))


def _filesystem(path: str, options: dict[str, Any] | None) -> tuple[Any, str]:
    import fsspec  # takes 50 ms, and only runs with remote folders need it

    chosen = {key: value for key, value in (options or {}).items() if key != "backend"}
    filesystem, inner = fsspec.core.url_to_fs(path, **chosen)
    return filesystem, inner


def write_bytes(content: bytes, path: str, options: dict[str, Any] | None = None) -> None:
    """Writes a file whole or not at all, and makes its folder."""
    if is_url(path):
        filesystem, inner = _filesystem(path, options)
        filesystem.pipe_file(inner, content)
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, "wb") as file:
        file.write(content)


def write_text(content: str, path: str, options: dict[str, Any] | None = None) -> None:
    write_bytes(content.encode(), path, options)


def write_json(content: Any, path: str) -> None:
    write_text(json.dumps(content), path)


def read_bytes(path: str, options: dict[str, Any] | None = None) -> bytes:
    if is_url(path):
        filesystem, inner = _filesystem(path, options)
        content: bytes = filesystem.cat_file(inner)
        return content
    return Path(path).read_bytes()


def remove(path: str, options: dict[str, Any] | None = None) -> bool:
    """Removes a file or folder; says whether there was one."""
    if is_url(path):
        filesystem, inner = _filesystem(path, options)
        if not filesystem.exists(inner):
            return False
        filesystem.rm(inner, recursive=True)
        return True
    if Path(path).is_dir():
        shutil.rmtree(path)
        return True
    if Path(path).is_file():
        Path(path).unlink()
        return True
    return False


def write_pickle(content: Any, path: str) -> None:
    write_bytes(pickle.dumps(content), path)
