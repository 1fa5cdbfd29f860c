"""How a module that an alias does not have is asked for: what the asker expects to hear depends on it."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import FrameType

_IMPORT_NAME = dis.opmap["IMPORT_NAME"]
_UTIL = ("<frozen importlib.util>", "importlib/util.py", "importlib\\util.py")


def is_probe() -> bool:
    """Whether `importlib.util.find_spec` asks: it wants None for what does not exist."""
    *importing, _ = _askers()
    return any(frame.f_code.co_filename.endswith(_UTIL) for frame in importing)


def is_statement() -> bool:
    """Whether an import statement asks. A call, `__import__(path, fromlist=['x'])`, leaves out what is not there."""
    *_, asker = _askers()
    return asker.f_lasti >= 0 and asker.f_code.co_code[asker.f_lasti] == _IMPORT_NAME


def _askers() -> Iterator[FrameType]:
    """The frames of the import system, and last the one that imports something."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back  # this module and the finder
    while frame is not None:
        yield frame
        if frame.f_globals.get("__package__") != "importlib" and not _is_frozen(frame):
            return
        frame = frame.f_back


def _is_frozen(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith("<frozen importlib")
