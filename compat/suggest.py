"""The nearest known name, for error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, letter case ignored, or None when nothing is close.

    >>> nearest("cosineannealing", ["Step", "CosineAnnealing"])
    'CosineAnnealing'
    """
    by_lower: dict[str, str] = {}
    for candidate in known:
        by_lower.setdefault(candidate.lower(), candidate)
    matches = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], limit: int = 12) -> str:
    """The end of an error message about an unknown name: the nearest known one, else the known ones if they are few.

    Starts with its own punctuation and is empty when there is nothing useful to say.

    >>> did_you_mean("Stepp", ["Step", "Poly"])
    "; did you mean 'Step'?"
    >>> did_you_mean("zzz", ["Step", "Poly"])
    '; known: Poly, Step'
    """
    names = sorted(set(known))
    match = nearest(name, names)
    if match is not None:
        return f"; did you mean {match!r}?"
    if names and len(names) <= limit:
        return f"; known: {', '.join(names)}"
    return ""
