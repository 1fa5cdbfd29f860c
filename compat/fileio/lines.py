"""Lists and tables in text files, one entry a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmigrate.compat.fileio.formats import one_of
from mmmigrate.compat.fileio.storage import BackendArgs, PathLike, get_text


def list_from_file(
    filename: PathLike,
    prefix: str = "",
    offset: int = 0,
    max_num: int = 0,
    encoding: str = "utf-8",
    file_client_args: BackendArgs = None,
    backend_args: BackendArgs = None,
) -> list[str]:
    """The lines of a text file, each with `prefix` before it.

    The first `offset` lines are left out, and at most `max_num` lines are read (0: all).
    """
    lines = (
        get_text(filename, encoding, one_of(file_client_args, backend_args))
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .split("\n")
    )
    if lines and not lines[-1]:
        lines.pop()
    end = offset + max_num if max_num > 0 else len(lines)
    return [prefix + line for line in lines[offset:end]]


def dict_from_file(
    filename: PathLike,
    key_type: Callable[[str], Any] = str,
    encoding: str = "utf-8",
    file_client_args: BackendArgs = None,
    backend_args: BackendArgs = None,
) -> dict[Any, Any]:
    """A dict from a text file: the first word of a line is the key, the second its value, or a list of the others."""
    lines = list_from_file(filename, encoding=encoding, backend_args=one_of(file_client_args, backend_args))
    mapping: dict[Any, Any] = {}
    for number, line in enumerate(lines, 1):
        items = line.rstrip("\n").split()
        if len(items) < 2:
            raise ValueError(f"{filename}:{number}: expected a key and at least one value, got {line!r}")
        mapping[key_type(items[0])] = items[1:] if len(items) > 2 else items[1]
    return mapping
