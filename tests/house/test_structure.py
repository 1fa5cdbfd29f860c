"""The structure that design.md promises: the arrows between the packages, and the packages that are installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PACKAGES = ("compat", "converters", "runtime_v2", "runtime_v3")
# compat's own core may be used by everyone; these parts of it see the whole project.
SEES_EVERYTHING = (
    "compat/cli",
    "compat/pipeline.py",
    "compat/code_pipeline.py",
    "compat/adapters",
    "compat/aliases",
    "compat/checkpoint",
    "compat/proof",
    "compat/trace",
)
SEES_EVERYTHING += ("compat/report", "compat/pytest_aliases.py", "compat/__main__.py")


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Modules of the project that a file imports anywhere in it, as `package.module`."""
    found = set()
    parts = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add(".".join(("mmmigrate", *parts[: len(parts) - node.level], *filter(None, [node.module]))))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name.removeprefix("mmmigrate.") for name in found if name.startswith("mmmigrate.")}


def crossing(package: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        if not path.relative_to(ROOT).as_posix().startswith(SEES_EVERYTHING)
        for name in sorted(imported(path))
        if name.startswith(forbidden)
    ]


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("runtime_v2", ("runtime_v3", "converters")),
        ("runtime_v3", ("runtime_v2", "converters")),
        ("converters", ("runtime_v2", "runtime_v3")),
        ("compat", ("runtime_v2", "runtime_v3", "converters")),
    ],
)
def test_arrows_between_the_packages(package: str, forbidden: tuple[str, ...]) -> None:
    assert crossing(package, forbidden) == []


def test_converters_never_import_torch() -> None:
    code = (
        "import importlib, pkgutil, sys, mmmigrate.converters as package\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_folder_with_code_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for package in PACKAGES for path in modules(package)}
    assert sorted(listed) == sorted(f"mmmigrate.{'.'.join(folder.parts)}" for folder in folders)


def test_no_module_is_longer_than_the_house_allows() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in modules(package)
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_files_are_named_after_their_job() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [path for package in PACKAGES for path in modules(package) if path.stem in vague] == []
