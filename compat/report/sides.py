"""Two texts side by side, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple


class Line(NamedTuple):
    """A line of either text with its number; None where the other has more lines. `kind`: `same`, `changed`."""

    kind: str
    old_number: int | None
    old: str
    new_number: int | None
    new: str


def side_by_side(old: str, new: str) -> Iterator[Line]:
    """Every line of both texts once, aligned.

    >>> [(line.old, line.new) for line in side_by_side("a\\nb", "a\\nc\\nd")]
    [('a', 'a'), ('b', 'c'), ('', 'd')]
    """
    before, after = old.splitlines(), new.splitlines()
    for kind, a, a_end, b, b_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for step in range(max(a_end - a, b_end - b)):
            i, j = a + step, b + step
            yield Line(
                "same" if kind == "equal" else "changed",
                i + 1 if i < a_end else None,
                before[i] if i < a_end else "",
                j + 1 if j < b_end else None,
                after[j] if j < b_end else "",
            )
