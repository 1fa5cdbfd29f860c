"""Shrinks a divergence: to the fewest keys and changes that still show it, and to the first iteration that does.

Delta debugging (Zeller and Hildebrandt 2002): parts are left out as long as the divergence stays at its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.config.pretty import pretty_text
from mmmigrate.compat.findings import ConversionError
from mmmigrate.compat.pipeline import convert_to
from mmmigrate.compat.proof.changes import Change, changed, changes, paths, without
from mmmigrate.compat.proof.changes import Path as Place
from mmmigrate.compat.trace.verdict import DIVERGENT, Comparison
from mmmigrate.converters.read.load import read_tree

Part = TypeVar("Part")
Tree = dict[str, Any]
Trial = Callable[[Path, Path, "int | None"], Comparison]
"""Compares two configs over at most so many iterations."""


@dataclass(frozen=True)
class Shrunk:
    """The smallest pair found: of `keys` keys of the old config these are `kept`; `made` are the changes by hand."""

    old: Path
    new: Path
    comparison: Comparison
    steps: int
    made: tuple[str, ...]
    of_changes: int
    kept: int
    of_keys: int
    trials: int

    def __str__(self) -> str:
        changed = f", {len(self.made)} of {self.of_changes} changes" if self.of_changes else ""
        iterations = f"{self.steps} iteration{'' if self.steps == 1 else 's'}"
        lines = [f"shrunk to {self.kept} of {self.of_keys} keys{changed}, {iterations} ({self.trials} trials)"]
        return "\n".join([*lines, *(f"  {made}" for made in self.made), f"  {self.old}", f"  {self.new}"])

    def as_json(self) -> dict[str, Any]:
        """For the verdict's JSON, as `shrunk`."""
        places = {"old": str(self.old), "new": str(self.new)}
        return {**places, "steps": self.steps, "changes": list(self.made), "keys": self.kept, "trials": self.trials}


def minimal(parts: list[Part], shows: Callable[[list[Part]], bool], *, halves: bool = True) -> list[Part]:
    """Parts that still show it and of which none can be left out; `parts` show it together.

    Without `halves` no part of a few is tried alone, which would be in vain where most parts need each other.

    >>> minimal(list(range(20)), lambda some: {3, 17} <= set(some))
    [3, 17]
    """
    pieces = 2
    while len(parts) >= 1:
        size = -(-len(parts) // pieces)
        chunks = [parts[start : start + size] for start in range(0, len(parts), size)]
        rests = [[part for part in parts if part not in chunk] for chunk in chunks]
        smaller = next(
            (each for each in ([*chunks, *rests] if halves else rests) if each != parts and shows(each)), None
        )
        if smaller is not None:
            pieces = 2 if smaller in chunks else max(len(chunks) - 1, 2)
            parts = smaller
        elif size == 1:
            break
        else:
            pieces = min(2 * pieces, len(parts))
    return parts


def shrink(old: Path, new: Path | None, found: Comparison, trial: Trial, folder: Path, order: str = "v2") -> Shrunk:
    """The smallest configs, written under `folder`, that diverge at the same stage as `old` and `new` were `found` to.

    `new` is None where it is converted from `old`. With one, the changes between the conversion and it are reduced
    first, then the keys of the old config. ValueError if there is no divergence, or if the configs written flat do not
    show it.
    """
    if found.first is None:
        raise ValueError("there is no divergence to shrink")
    return _Shrinking(found, trial, folder, order).run(read_tree(old), None if new is None else read_tree(new))


class _Shrinking:
    def __init__(self, found: Comparison, trial: Trial, folder: Path, order: str) -> None:
        if found.first is None:
            raise ValueError("there is no divergence to shrink")
        self.stage, self.steps = found.first.stage, max(found.first.iter, 0) + 1
        self.trial, self.folder, self.order = trial, folder, order
        self.trials = 0
        self.comparison = found

    def run(self, old: Tree, new: Tree | None) -> Shrunk:
        made: list[Change] = []
        if new is not None:
            base = self._converted(old)
            made = list(changes(base, new)) if base is not None else []
        of_changes = len(made)
        if not self._shows(old, made):
            raise ValueError("the divergence is gone when the configs are written flat, without their bases")
        if made and not self._shows(old, []):
            made = minimal(made, lambda some: self._shows(old, some))
        elif made:
            made = []  # the conversion itself diverges
        of_keys = sum(len(list(paths(old, depth))) for depth in range(1, 9))
        old = self._fewer_keys(old, made)
        kept = sum(len(list(paths(old, depth))) for depth in range(1, 9))
        pair = self._write(old, made)
        if pair is None:
            raise ValueError("the shrunk config cannot be converted")
        told = tuple(map(str, made))
        return Shrunk(*pair, self.comparison, self.steps, told, of_changes, kept, of_keys, self.trials)

    def _fewer_keys(self, old: Tree, made: Sequence[Change]) -> Tree:
        for depth in count(1):
            there: list[Place] = list(paths(old, depth))
            if not there:
                break

            def left(kept: list[Place], tree: Tree = old, all_of: list[Place] = there) -> Tree:
                fewer: Tree = without(tree, set(all_of) - set(kept))
                return fewer

            old = left(minimal(there, lambda kept: self._shows(left(kept), made), halves=False))
        return old

    def _shows(self, old: Tree, made: Sequence[Change]) -> bool:
        """Whether the divergence is still there; the iterations of later trials end where it was seen."""
        self.trials += 1
        pair = self._write(old, made)
        if pair is None:
            return False
        found = self.trial(*pair, self.steps)
        if found.verdict != DIVERGENT or found.first is None or found.first.stage != self.stage:
            return False
        self.steps, self.comparison = max(found.first.iter, 0) + 1, found
        return True

    def _write(self, old: Tree, made: Sequence[Change]) -> tuple[Path, Path] | None:
        """Both configs; None for an old one that cannot be converted."""
        converted = self._converted(old)
        if converted is None:
            return None
        written = self.folder / "new.py"
        _save(written, changed(converted, made))
        return self.folder / "old.py", written

    def _converted(self, old: Tree) -> Tree | None:
        self.folder.mkdir(parents=True, exist_ok=True)
        _save(self.folder / "old.py", old)
        try:
            return read_tree(convert_to(self.folder / "old.py", self.folder / "converted", order=self.order).path)
        except ConversionError:
            return None


def _save(path: Path, tree: Tree) -> None:
    with atomic_write(path, "w") as file:
        file.write(pretty_text(tree))
