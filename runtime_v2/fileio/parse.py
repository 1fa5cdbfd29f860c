"""Lists and tables in text files, one entry a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmigrate.compat.fileio.storage import PathLike
from mmmigrate.runtime_v2.fileio.client import FileClient

ClientArgs = dict[str, Any] | None


def list_from_file(
    filename: PathLike,
    prefix: str = "",
    offset: int = 0,
    max_num: int = 0,
    encoding: str = "utf-8",
    file_client_args: ClientArgs = None,
) -> list[str]:
    """The lines of a text file, each with `prefix` before it.

    The first `offset` lines are left out, and at most `max_num` lines are read (0: all).
    """
    text = FileClient.infer_client(file_client_args, filename).get_text(filename, encoding)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    end = offset + max_num if max_num > 0 else len(lines)
    return [prefix + line for line in lines[offset:end]]


def dict_from_file(
    filename: PathLike,
    key_type: Callable[[str], Any] = str,
    encoding: str = "utf-8",
    file_client_args: ClientArgs = None,
) -> dict[Any, Any]:
    """A dict from a text file: the first word of a line is the key, the second its value, or a list of the others."""
    mapping: dict[Any, Any] = {}
    for number, line in enumerate(list_from_file(filename, "", 0, 0, encoding, file_client_args), 1):
        key, *values = line.split() or [""]
        if not values:
            raise ValueError(f"{filename}:{number}: expected a key and at least one value, got {line!r}")
        mapping[key_type(key)] = values if len(values) > 1 else values[0]
    return mapping
