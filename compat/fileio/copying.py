"""Copying files and folders between this machine and wherever fsspec reaches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mmmigrate.compat.fileio.storage import (
    BackendArgs,
    PathLike,
    exists,
    get,
    isdir,
    join_path,
    list_dir_or_file,
    put,
)


def copyfile(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copies a file, also to the same name in a folder; gives where it is now."""
    if isdir(dst, backend_args):
        dst = join_path(dst, os.fspath(src).rpartition("/")[2])
    if os.fspath(src) == os.fspath(dst):
        raise shutil.SameFileError(f"{os.fspath(src)} would be copied onto itself")
    put(get(src, backend_args), dst, backend_args)
    return os.fspath(dst)


def copytree(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> str:
    """Copies a folder and all that is in it to a place where nothing is; gives that place."""
    if exists(dst, backend_args):
        raise FileExistsError(f"{os.fspath(dst)} exists already: a folder is copied to a new place")
    for name in list_dir_or_file(src, list_dir=False, recursive=True, backend_args=backend_args):
        put(get(join_path(src, name), backend_args), join_path(dst, name), backend_args)
    return os.fspath(dst)


def copy_if_symlink_fails(src: PathLike, dst: PathLike, backend_args: BackendArgs = None) -> bool:
    """Makes a symbolic link at `dst`, or a copy where links can't be made; True if it is a link."""
    if "://" not in os.fspath(src) and "://" not in os.fspath(dst):
        try:
            Path(dst).symlink_to(src)
            return True
        except FileExistsError:
            raise
        except OSError:
            pass
    (copytree if isdir(src, backend_args) else copyfile)(src, dst, backend_args)
    return False


copyfile_from_local = copyfile_to_local = copyfile
copytree_from_local = copytree_to_local = copytree
