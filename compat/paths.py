"""Files and folders on this machine, as both libraries' users handle them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PathLike = str | os.PathLike[str]


def is_filepath(x: Any) -> bool:
    return isinstance(x, (str, Path))


def is_abs(path: str) -> bool:
    """Whether a path is absolute; URLs of object stores count as such."""
    return Path(path).is_absolute() or path.startswith(("http://", "https://", "s3://"))


def fopen(filepath: PathLike, *args: Any, **kwargs: Any) -> Any:
    """An open file."""
    if not is_filepath(filepath):
        raise ValueError("`filepath` should be a string or a Path")
    return Path(filepath).open(*args, **kwargs)


def check_file_exist(filename: PathLike, msg_tmpl: str = 'file "{}" does not exist') -> None:
    """Raises FileNotFoundError unless there is such a file."""
    if not Path(filename).is_file():
        raise FileNotFoundError(msg_tmpl.format(filename))


def mkdir_or_exist(dir_name: PathLike, mode: int = 0o777) -> None:
    """Makes a folder and those above it; nothing if it is there, or if the name is empty."""
    if os.fspath(dir_name):
        Path(dir_name).expanduser().mkdir(mode=mode, parents=True, exist_ok=True)


def symlink(src: PathLike, dst: PathLike, overwrite: bool = True, **kwargs: Any) -> None:
    """Makes a symbolic link at `dst`; with `overwrite` it takes the place of what is there, never leaving a gap."""
    if not overwrite or not os.path.lexists(dst):
        Path(dst).symlink_to(src, **kwargs)
        return
    beside = Path(f"{os.fspath(dst)}.{os.getpid()}.tmp")
    beside.symlink_to(src, **kwargs)
    beside.replace(dst)


def scandir(
    dir_path: PathLike,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
    case_sensitive: bool = True,
) -> Iterator[str]:
    """Paths, relative to `dir_path`, of its files that end with `suffix`; hidden files are left out."""
    if not is_filepath(dir_path):
        raise TypeError('"dir_path" must be a string or Path object')
    if suffix is not None and not isinstance(suffix, (str, tuple)):
        raise TypeError('"suffix" must be a string or tuple of strings')
    root = Path(dir_path)
    if suffix is not None and not case_sensitive:
        suffix = suffix.lower() if isinstance(suffix, str) else tuple(item.lower() for item in suffix)
    return _scan(root, root, suffix, recursive, case_sensitive)


def _scan(
    folder: Path, root: Path, suffix: str | tuple[str, ...] | None, recursive: bool, case_sensitive: bool
) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            if recursive:
                yield from _scan(Path(entry.path), root, suffix, recursive, case_sensitive)
        elif entry.is_file() and not entry.name.startswith("."):
            path = str(Path(entry.path).relative_to(root))
            if suffix is None or (path if case_sensitive else path.lower()).endswith(suffix):
                yield path


def find_vcs_root(path: PathLike, markers: tuple[str, ...] = (".git",)) -> str | None:
    """The folder above `path`, or itself, that holds one of the markers; None if there is none."""
    start = Path(path).resolve()
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in markers):
            return str(folder)
    return None
