"""Laws on a real package, mmdet 2.28.2: 370 files, none of which may be harmed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from peers import environments

from mmmigrate.compat.code_pipeline import convert_code, find_code
from mmmigrate.compat.results import FileResult, write_file
from mmmigrate.converters.code.convert import CodeOptions

# What a file of v2 cannot do without: the library, or what its own registries, hooks and models are made of.
_V2 = re.compile(rb"mmcv|Registry|runner|register_module|Hook|__version__|train_step|evaluate|build_optimizer|workflow")


@pytest.fixture(scope="module")
def package() -> Path:
    return environments.published("mmdet") / "mmdet"


@pytest.fixture(scope="module")
def results(package: Path) -> list[FileResult]:
    found = list(convert_code(find_code(package), CodeOptions()))
    assert len(found) == 370
    return found


@pytest.mark.peer
def test_every_file_converts_and_parses(results: list[FileResult]) -> None:
    assert [result.path for result in results if result.status not in ("converted", "unchanged")] == []
    for result in results:
        ast.parse(result.data)
    assert sum(result.status == "converted" for result in results) > 150


@pytest.mark.peer
def test_files_without_v2_stay_byte_for_byte(results: list[FileResult]) -> None:
    plain = [result for result in results if not _V2.search(result.path.read_bytes())]
    assert len(plain) > 20
    assert [result.path for result in plain if result.data != result.path.read_bytes()] == []


@pytest.mark.peer
def test_comments_stay(results: list[FileResult]) -> None:
    rewritten = {"SCR001", "SCR002"}  # an entry script's training function is replaced whole
    for result in (item for item in results if rewritten.isdisjoint(finding.code for finding in item.findings)):
        before, after = (re.findall(r"# [^'\"\n]*$", text, re.MULTILINE) for text in (result.old, result.text or ""))
        kept = [comment for comment in after if "mmmigrate:" not in comment]
        assert [comment for comment in before if comment not in kept] == [], result.path


@pytest.mark.peer
@pytest.mark.parametrize("name", ["mmdet", "copy"])
def test_converting_twice_changes_nothing(results: list[FileResult], package: Path, tmp_path: Path, name: str) -> None:
    for result in results:
        write_file(tmp_path / name / result.path.relative_to(package), result.data)
    again = list(convert_code(find_code(tmp_path / name), CodeOptions()))
    assert [result.path for result in again if result.status != "unchanged"] == []
