"""What conversion does to the text of a file: as little as possible, and nothing of a person's is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.rules.experiment import Options


def convert(folder: Path, text: str, **options) -> str:
    (folder / "config.py").write_text(text)
    return ConfigConverter(Options(**options)).convert(folder / "config.py").text


def test_untouched_statements_keep_every_byte(tmp_path: Path) -> None:
    text = "a = {  'x':1 }   # odd\n\n\nclasses = ('a',\n   'b')\noptimizer = dict(type='SGD', lr=1)\nb  =  2"
    new = convert(tmp_path, text)
    assert new.startswith("a = {  'x':1 }   # odd\n\n\nclasses = ('a',\n   'b')\n")
    assert new.endswith("\nb  =  2")


def test_every_comment_survives(tmp_path: Path) -> None:
    text = (
        "# 1 file\n\n# 2 optimizer\noptimizer = dict(  # 3 open\n    # 4 above type\n    type='SGD',  # 5 type\n"
        "    lr=0.1)  # 6 end\n# 7 clip\noptimizer_config = dict(grad_clip=None)  # 8 none\n# 9 workflow\n"
        "workflow = [('train', 1)]  # 10\nlr_config = dict(\n    policy='step',  # 11 policy\n"
        "    # 12 step\n    step=[\n"
        "        8,  # 13 first\n        11\n    ])\nrunner = dict(type='EpochBasedRunner', max_epochs=12)\n# 14 last\n"
    )
    new = convert(tmp_path, text)
    missing = [number for number in range(1, 15) if f"# {number}" not in new]
    assert missing == []


def test_statements_on_one_line_go_together(tmp_path: Path) -> None:
    new = convert(tmp_path, "a = 1; optimizer = dict(type='SGD', lr=a); b = a\n")
    assert new == "a = 1\noptim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=a))\nb = a\n"


def test_a_text_is_moved_behind_the_variables_it_reads(tmp_path: Path) -> None:
    new = convert(
        tmp_path,
        "runner = dict(type='EpochBasedRunner', max_epochs=10)\nevery = 2\nmodel = dict(type='M')\n"
        "data = dict(train=dict(type='A'), val=dict(type='A'))\nevaluation = dict(interval=every)\n",
    )
    assert new.index("every = 2") < new.index("val_interval=every")


def test_a_string_over_several_lines_is_not_reindented(tmp_path: Path) -> None:
    text = (
        "data = dict(\n    train=dict(\n        type='A',\n"
        "        text='''one\n  two\n''',\n        z=[\n            1]))\n"
    )
    assert "'''one\n  two\n'''" in convert(tmp_path, text)


def test_line_ends_and_encoding_of_the_file_are_kept(tmp_path: Path) -> None:
    from mmmigrate.compat.pipeline import convert_file

    data = "# -*- coding: latin-1 -*-\r\n# é\r\ntotal_epochs = 3\r\n".encode("latin-1")
    (tmp_path / "config.py").write_bytes(data)
    result = convert_file(tmp_path / "config.py", ConfigConverter())
    assert result.data == data.replace(
        b"total_epochs = 3", b"train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=3)"
    )


def test_a_kept_statement_that_reads_a_removed_variable_gets_its_value(tmp_path: Path) -> None:
    new = convert(tmp_path, "total_epochs = 12\nhalf = total_epochs // 2\n")
    assert "half = 6" in new
    assert "total_epochs" not in new


def test_a_reference_into_a_base_key_that_went_gets_its_value(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("total_epochs = 12\ndepth = 50\n")
    new = convert(tmp_path, "_base_ = './base.py'\na = {{_base_.total_epochs}}\nb = {{_base_.depth}}\n")
    assert "a = 12" in new
    assert "b = {{_base_.depth}}" in new


@pytest.mark.parametrize("schedule", ["auto", "stock", "exact"])
def test_flattened_files_need_no_base(tmp_path: Path, schedule: str) -> None:
    (tmp_path / "base.py").write_text(
        "optimizer = dict(type='SGD', lr=0.1)\nlr_config = dict(policy='step', step=[1])\ntotal_epochs = 2\n"
    )
    new = convert(tmp_path, "_base_ = './base.py'\noptimizer = dict(lr=0.2)\n", schedule=schedule, flatten=True)
    assert "_base_" not in new
    assert "optimizer=dict(type='SGD', lr=0.2)" in new
    assert "max_epochs=2" in new
