"""The error of a schedule that mmcv would not accept either."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScheduleError(ValueError):
    """A schedule's policy, argument or run length is wrong; the message names it and what to do."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the known name closest to `name`, or lists all of them.

    >>> nearest("setp", ["step", "poly"])
    "did you mean 'step'?"
    """
    names = {candidate.lower(): candidate for candidate in sorted(known)}
    match = difflib.get_close_matches(name.lower(), names, n=1)
    return f"did you mean '{names[match[0]]}'?" if match else f"known: {', '.join(names.values())}"
