from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest
from installing.smoke import build, install, missing_files, try_commands


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("built"))


def test_the_wheel_has_every_file_of_the_packages(built: tuple[Path, Path]) -> None:
    assert missing_files(built[1]) == []


def test_the_source_archive_has_licence_and_readme(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names


def test_the_wheel_converts_in_an_environment_without_torch(built: tuple[Path, Path], tmp_path: Path) -> None:
    binaries = install(sys.executable, built[1], tmp_path / "environment")
    said = try_commands(binaries, tmp_path)
    assert said[0] == "mmmigrate, version 0.1.0"
