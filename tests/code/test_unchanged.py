"""Code that only resembles v2 stays as it is, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mmmigrate.converters.code.convert import CodeConverter
from mmmigrate.converters.code.source import decode_source

CASES = yaml.safe_load((Path(__file__).parents[2] / "fixtures" / "code" / "unchanged.yaml").read_text())


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", CASES)
def test_nothing_changes(name: str, tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_bytes(CASES[name].encode())
    converter = CodeConverter()
    converted = converter.convert(file)
    assert converted.source.encode(converted.utf8) == CASES[name].encode()


@pytest.mark.parametrize("name", CASES)
def test_nothing_changes_beside_code_that_does(name: str, tmp_path: Path) -> None:
    """The same code below an import that moves: names are told apart, not files."""
    code = CASES[name]
    if "mmmigrate: skip" in code or "mmcv" in code.split("\n")[0] or "from __future__" in code:
        code = ""
    lead = b"from mmcv.cnn import ConstantInit as _unrelated\n"
    source = decode_source(tmp_path / "code.py", lead + code.encode())
    converted = CodeConverter().convert_source(source, "code")
    moved = b"from mmengine.model import ConstantInit as _unrelated\n"
    assert converted.utf8.replace(moved, lead, 1) == source.utf8
