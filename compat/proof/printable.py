"""Text that comes from logs and configs, made fit for documents."""

from __future__ import annotations

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text without the colours of terminals, and without characters that XML does not allow.

    >>> printable("\\x1b[31mred\\x1b[0m\\0")
    'red'
    """
    return _FORBIDDEN.sub("", _COLOURS.sub("", text))
