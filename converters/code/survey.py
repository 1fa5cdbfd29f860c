"""What can be learnt of a project from the bytes of its files, without parsing them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

_FROM = re.compile(rb"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)", re.MULTILINE)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_RENAMED = re.compile(rb"(\w+)[ \t]+as[ \t]+(\w+)")
_CLASS = re.compile(rb"^[ \t]*class[ \t]+\w+[ \t]*\(([^)]*)\)", re.MULTILINE)
_CHAIN = re.compile(rb"[\w.]+")


@dataclass
class Survey:
    """``imports``: library or package -> module of it -> names that some file imports from it ("." if relative).

    ``registries``: modules that may make registries. ``heirs``: the last name of a base class -> modules with a class
    that derives from something of that name.
    """

    imports: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    registries: list[str] = field(default_factory=list)
    heirs: dict[str, list[str]] = field(default_factory=dict)

    def look(self, file: Path) -> None:
        """Raises OSError where the file cannot be read."""
        data = file.read_bytes()
        name = module_name(file)[0]
        if b"Registry(" in data:
            self.registries.append(name)
        renamed: dict[bytes, bytes] = {}
        for match in _FROM.finditer(data):
            if b" as " in match[2]:
                renamed.update({local: original for original, local in _RENAMED.findall(match[2])})
            home = match[1].decode("ascii", "ignore")
            top = "." if home.startswith(".") else home.partition(".")[0]
            names = self.imports.setdefault(top, {}).setdefault(home, set())
            names.update(word.decode("ascii", "ignore") for word in _WORD.findall(match[2]))
        bases = {base.rpartition(b".")[2] for match in _CLASS.finditer(data) for base in _CHAIN.findall(match[1])}
        for base in {renamed.get(base, base) for base in bases}:
            self.heirs.setdefault(base.decode("ascii", "ignore"), []).append(name)


def module_name(path: Path) -> tuple[str, Path]:
    """The dotted name of a file, and the folder that its top-level package lies in."""
    folder = path.parent
    parts = [] if path.name == "__init__.py" else [path.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts) or path.parent.name, folder


def python_files(folder: Path) -> list[Path]:
    """The Python files under a folder in a fixed order, hidden folders left out."""
    found = []
    for home, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        found += [Path(home, name) for name in files if name.endswith(".py")]
    return sorted(found)
