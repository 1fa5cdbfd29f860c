"""What can be learnt of a project from the bytes of its files, without parsing them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# These begin with a word, which is found much faster than the start of a line: see `_statements`.
_FROM = re.compile(rb"from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_RENAMED = re.compile(rb"(\w+)[ \t]+as[ \t]+(\w+)")
_CLASS = re.compile(rb"class[ \t]+\w+[ \t]*\(([^)]*)\)")
_CHAIN = re.compile(rb"[\w.]+")
Packages = dict[Path, tuple[str, Path]]  # folder -> its package ("" if it is none), and where the top-level one lies


@dataclass
class Survey:
    """``imports``: library or package -> module of it -> names that some file imports from it ("." if relative).

    ``registries``: modules that may make registries. ``heirs``: the last name of a base class -> modules with a class
    that derives from something of that name.
    """

    imports: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    registries: list[str] = field(default_factory=list)
    heirs: dict[str, list[str]] = field(default_factory=dict)
    packages: Packages = field(default_factory=dict, repr=False)

    def look(self, file: Path) -> None:
        """Raises OSError where the file cannot be read."""
        data = file.read_bytes()
        name = module_name(file, self.packages)[0]
        if b"Registry(" in data:
            self.registries.append(name)
        renamed: dict[bytes, bytes] = {}
        for match in _statements(_FROM, data):
            if b" as " in match[2]:
                renamed.update({local: original for original, local in _RENAMED.findall(match[2])})
            home = match[1].decode("ascii", "ignore")
            top = "." if home.startswith(".") else home.partition(".")[0]
            names = self.imports.setdefault(top, {}).setdefault(home, set())
            names.update(word.decode("ascii", "ignore") for word in _WORD.findall(match[2]))
        bases = {base.rpartition(b".")[2] for match in _statements(_CLASS, data) for base in _CHAIN.findall(match[1])}
        for base in {renamed.get(base, base) for base in bases}:
            self.heirs.setdefault(base.decode("ascii", "ignore"), []).append(name)


def _statements(pattern: re.Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches at the start of a line or behind a semicolon."""
    for match in pattern.finditer(data):
        line = max(data.rfind(end, 0, match.start()) for end in (b"\n", b"\r")) + 1
        before = data[line : match.start()].rstrip()
        if not before or before.endswith((b";", b":")):
            yield match


def module_name(path: Path, packages: Packages | None = None) -> tuple[str, Path]:
    """The dotted name of a file, and the folder that its top-level package lies in; ``packages`` are known folders."""
    package, folder = _package(path.parent, {} if packages is None else packages)
    name = package if path.name == "__init__.py" else f"{package}.{path.stem}" if package else path.stem
    return name or path.parent.name, folder


def _package(folder: Path, known: Packages) -> tuple[str, Path]:
    if folder not in known:
        named = folder if folder.name not in ("", "..") else folder.resolve()  # "." has a name too
        if not (folder / "__init__.py").is_file() or not named.name:
            known[folder] = "", folder
        else:
            above, root = _package(named.parent, known)
            known[folder] = f"{above}.{named.name}" if above else named.name, root
    return known[folder]


def python_files(folder: Path) -> list[Path]:
    """The Python files under a folder in a fixed order, hidden folders left out."""
    found = []
    for home, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        found += [Path(home, name) for name in files if name.endswith(".py")]
    return sorted(found)
