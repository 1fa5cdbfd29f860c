"""What the table of one library says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Library:
    """What stands in for one library.

    `version` is the release whose interface it is. `sources` maps a module path below the library ("" is the library
    itself) to the modules that are asked for its names, in order; a path that starts with a dot lies in `runtime`,
    others in `mmmigrate`. `submodules` lists, for a path, its modules that have no line of their own: they are
    asked in the runtime module of the same name, if there is one, and then where their parent's names are.
    `gone` says what to use instead of a name that nothing answers.
    """

    name: str
    version: str
    runtime: str
    sources: dict[str, tuple[str, ...]]
    submodules: dict[str, tuple[str, ...]]
    gone: dict[str, str] = field(default_factory=dict)

    def modules(self) -> set[str]:
        """Every module path that can be imported, with the library's name."""
        paths = set(self.sources)
        for parent, names in self.submodules.items():
            paths.update(f"{parent}.{name}" for name in names)
        return {f"{self.name}.{path}" if path else self.name for path in paths}


# what both libraries answer for in the same words
GENERAL = (
    "compat.sequences",
    "compat.paths",
    "compat.deprecation",
    "compat.requirements",
    "compat.progress",
    "compat.timer",
    "compat.version",
)
