"""Bytes of files: encodings, line ends, notebooks; everything outside the edits stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmmigrate.compat.code_pipeline import convert_code_file
from mmmigrate.converters.code.convert import CodeConverter
from mmmigrate.converters.code.edit import EditConflict, Edits

OLD = "from mmcv.runner import get_dist_info, Hook"
NEW = "from mmengine.dist import get_dist_info{0}from mmengine.hooks import Hook"


def converted(path: Path, data: bytes) -> bytes:
    path.write_bytes(data)
    return convert_code_file(path, CodeConverter()).data


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_encoding_and_line_ends_stay(end: str, encoding: str, tmp_path: Path) -> None:
    declared = "" if encoding.startswith("utf") else f"# -*- coding: {encoding} -*-{end}"
    rest = f"{end}x = 'é ü'  # ß{end}if x:{end}\ty = 1{end}\f{end}print(x)"
    before = (declared + OLD + rest).encode(encoding)
    assert converted(tmp_path / "a.py", before) == (declared + NEW.format(end) + rest).encode(encoding)


def test_other_separators_end_no_line(tmp_path: Path) -> None:
    rest = "\nx = 'a\u2028b\x0b\x1c'\nfrom mmcv import Config\n"
    after = converted(tmp_path / "a.py", (OLD + rest).encode())
    assert after == (NEW.format("\n") + rest.replace("mmcv", "mmengine.config")).encode()


def test_a_wrong_encoding_is_an_error_of_the_file(tmp_path: Path) -> None:
    for data in (b"# coding: klingon\nx = 1\n", b"import mmcv\nx = '\xe9'\n", b"\xef\xbb\xbf# coding: latin-1\n"):
        (tmp_path / "a.py").write_bytes(data)
        result = convert_code_file(tmp_path / "a.py", CodeConverter())
        assert (result.status, result.findings[0].code) == ("failed", "COD002")


def test_a_file_with_a_null_byte_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"import mmcv\x00\n")
    assert convert_code_file(tmp_path / "a.py", CodeConverter()).findings[0].code == "COD001"


NOTEBOOK = r"""{
 "cells": [
  {"cell_type": "markdown", "metadata": {}, "source": ["import mmcv é\n", "%x"]},
  {
   "cell_type": "code", "execution_count": 1, "metadata": {},
   "outputs": [{"name": "stdout", "text": ["from mmcv.runner import Hook\n"]}],
   "source": [
    "%matplotlib inline\n",
    "!pip install mmcv\n",
    "files = !ls\n",
    "from mmcv.runner import HOOKS\n",
    "name = '\u00e9 \/'  # stays spelt so"
   ]
  },
  {"cell_type":"code","source":"import mmcv\ncfg = mmcv.Config.fromfile('a')\ncfg?"},
  {"cell_type":"code","source":[]},
  {"cell_type":"code","source":["%%bash\n","from mmcv.runner import HOOKS"]},
  {"cell_type":"code","source":["%%time\n","HOOKS.get('a')"]}
 ],
 "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}
"""


def test_only_the_changed_lines_of_code_cells_change_in_a_notebook(tmp_path: Path) -> None:
    after = converted(tmp_path / "a.ipynb", NOTEBOOK.encode()).decode()
    expected = NOTEBOOK.replace('"from mmcv.runner import HOOKS\\n"', '"from mmengine.registry import HOOKS\\n"')
    expected = expected.replace(
        r'"import mmcv\ncfg = mmcv.Config.fromfile', r'"import mmengine\ncfg = mmengine.Config.fromfile'
    )
    assert after == expected
    assert json.loads(after)["cells"][1]["source"][:3] == [
        "%matplotlib inline\n",
        "!pip install mmcv\n",
        "files = !ls\n",
    ]
    assert converted(tmp_path / "a.ipynb", after.encode()).decode() == after


def test_findings_of_a_notebook_name_cell_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(NOTEBOOK)
    finding = convert_code_file(tmp_path / "a.ipynb", CodeConverter()).findings[0]
    assert finding.message.startswith("cell 2, line 4: ")
    assert NOTEBOOK.splitlines()[finding.line - 1].strip() == r'"from mmcv.runner import HOOKS\n",'


def test_a_broken_notebook_is_an_error_of_the_file(tmp_path: Path) -> None:
    cell = '{"cells": [{"cell_type": "code", "source": ["import mmcv\\n", "x = ("]}]}'
    for text, code, line in (("{", "COD002", 1), ('{"a": 1}', "COD002", 0), (cell, "COD001", 1)):
        (tmp_path / "a.ipynb").write_text(text)
        result = convert_code_file(tmp_path / "a.ipynb", CodeConverter())
        assert (result.status, result.findings[0].code) == ("failed", code)
        assert result.findings[0].line == line


@given(st.data())
def test_an_edit_changes_its_bytes_and_offsets_map_back(data: st.DataObject) -> None:
    text = data.draw(st.binary(min_size=1, max_size=40))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    edits = Edits()
    pairs = list(zip(cuts[::2], cuts[1::2]))
    for start, end in data.draw(st.permutations(pairs)):
        edits.replace(start, end, data.draw(st.binary(max_size=5)))
    new = edits.apply(text)
    outside = [at for at in range(len(text)) if not any(start <= at < end for start, end in pairs)]
    places = [at for at in range(len(new)) if edits.origin(at) in outside and not _inserted(edits, at)]
    assert bytes(new[at] for at in places) == bytes(text[at] for at in outside)


def _inserted(edits: Edits, at: int) -> bool:
    moved = 0
    for edit in edits.edits:
        if edit.start + moved <= at < edit.start + moved + len(edit.text):
            return True
        moved += len(edit.text) - (edit.end - edit.start)
    return False


def test_two_edits_of_the_same_bytes_are_refused() -> None:
    edits = Edits()
    edits.replace(2, 5, b"x")
    edits.replace(2, 5, b"x")  # the very same counts once
    for start, end in ((4, 6), (0, 3), (3, 3), (1, 9)):
        with pytest.raises(EditConflict):
            edits.replace(start, end, b"y")
    edits.insert(5, b"z")
    assert edits.apply(b"0123456") == b"01xz56"
