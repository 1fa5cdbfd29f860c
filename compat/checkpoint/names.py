"""New names for weights, where a codebase gave its modules other names: families of pairs, kept as data in `packs/`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mmmigrate.compat.checkpoint.errors import CheckpointError

PACKS = Path(__file__).parent / "packs"
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Family:
    """Models whose weights are named alike.

    `signs` are patterns, by generation, of which each must match a weight, and none of those under `without`. `pairs`
    are (v2, v3) patterns; the first that matches applies. In a pattern `{i}` stands for digits and `{rest}` for
    anything; both sides have the same.
    """

    name: str
    signs: dict[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]

    def fits(self, names: Sequence[str], generation: str) -> bool:
        """Whether weights with these names belong to the family."""

        def occurs(sign: str) -> bool:
            return any(_pattern(sign).fullmatch(name) for name in names)

        return all(map(occurs, self.signs[generation])) and not any(map(occurs, self.signs["without"]))

    def rename(self, name: str, to: str) -> str:
        """The name of a weight in generation `to`."""
        for pair in self.pairs:
            old, new = pair if to == "v3" else (pair[1], pair[0])
            found = _pattern(old).fullmatch(name)
            if found is not None:
                return _PLACE.sub(lambda place: found[place[1]], new)  # noqa: B023 (used at once)
        return name


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)
    made = [re.escape(part) if i % 2 == 0 else _group(part) for i, part in enumerate(parts)]
    return re.compile("".join(made))


def _group(name: str) -> str:
    return f"(?P<{name}>.*)" if name.startswith("rest") else f"(?P<{name}>[0-9]+)"


def read_families(path: Path) -> list[Family]:
    """The families of one YAML file. Raises CheckpointError, naming the entry, for one that is not well formed."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        families = [
            Family(
                f"{path.stem}/{name}",
                {
                    "without": tuple(entry["signs"].get("without", ())),
                    **{generation: tuple(entry["signs"][generation]) for generation in ("v2", "v3")},
                },
                tuple((str(old), str(new)) for old, new in entry["pairs"].items()),
            )
            for name, entry in entries.items()
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: not a pack of weight names: {type(error).__name__}: {error}") from error
    for family in families:
        for old, new in family.pairs:
            if sorted(_PLACE.findall(old)) != sorted(_PLACE.findall(new)):
                raise CheckpointError(f"{path}: {family.name}: {old} and {new} have different places")
    return families


def renamer(names: Iterable[str], to: str, own: Path | None = None) -> tuple[Callable[[str], str], list[str]]:
    """How weights with these names are called in generation `to`, and which families they belong to.

    Raises CheckpointError if two weights would get the same name.
    """
    known = list(names)
    source = "v2" if to == "v3" else "v3"
    files = [*sorted(PACKS.glob("*.yaml")), *([own] if own else [])]
    families = [family for file in files for family in read_families(file) if family.fits(known, source)]

    def rename(name: str) -> str:
        for family in families:
            new = family.rename(name, to)
            if new != name:
                return new
        return name

    taken: dict[str, str] = {}
    for name in known:
        other = taken.setdefault(rename(name), name)
        if other != name:
            raise CheckpointError(f"{other} and {name} would both be called {rename(name)}: nothing is converted")
    return rename, [family.name for family in families]
