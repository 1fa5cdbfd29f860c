"""`mmmigrate config` as cli.md lays it down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmmigrate.compat.cli import main
from mmmigrate.converters.emit.plain_bases import NO_BASES

OLD = "# rate\noptimizer = dict(type='SGD', lr=0.1)\n"
NEW = "# rate\noptim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))\n"


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "configs" / "sub").mkdir(parents=True)
    (tmp_path / "configs" / "base.py").write_text(OLD)
    (tmp_path / "configs" / "sub" / "child.py").write_text("_base_ = '../base.py'\noptimizer = dict(lr=0.2)\n")
    (tmp_path / "configs" / "same.py").write_text("model = dict(type='M')\n")
    return tmp_path / "configs"


def test_one_file_goes_to_stdout_and_findings_to_stderr(folder: Path) -> None:
    result = run("config", folder / "base.py")
    assert (result.exit_code, result.stdout) == (0, NEW)
    assert (folder / "base.py").read_text() == OLD


def test_a_folder_is_a_dry_run_with_a_summary(folder: Path) -> None:
    result = run("config", folder)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "3 files: 2 converted, 1 unchanged, 0 failed" in result.stderr
    assert "-o OUT" in result.stderr
    assert (folder / "base.py").read_text() == OLD


def test_output_folder_gets_the_same_tree(folder: Path, tmp_path: Path) -> None:
    assert run("config", folder, "-o", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "base.py").read_text() == NEW
    assert (tmp_path / "out" / "sub" / "child.py").read_text() == (
        "_base_ = '../base.py'\noptim_wrapper = dict(optimizer=dict(lr=0.2))\n"
    )
    assert (tmp_path / "out" / "same.py").read_text() == "model = dict(type='M')\n"


def test_one_file_to_a_folder_brings_its_bases(folder: Path, tmp_path: Path) -> None:
    assert run("config", folder / "sub" / "child.py", "-o", tmp_path / "out").exit_code == 0
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.py"))
    assert written == ["base.py", "sub/child.py"]


def test_a_lone_child_says_that_its_bases_are_not_converted(folder: Path) -> None:
    assert "base.py" in run("config", folder / "sub" / "child.py").stderr.splitlines()[-1]


def test_in_place(folder: Path) -> None:
    assert run("config", folder, "-w").exit_code == 0
    assert (folder / "base.py").read_text() == NEW
    assert run("config", folder, "--check").exit_code == 0


def test_check_exits_1_if_anything_would_change(folder: Path) -> None:
    assert run("config", folder, "--check").exit_code == 1
    assert run("config", folder / "same.py", "--check").exit_code == 0
    assert (folder / "base.py").read_text() == OLD


def test_diff_is_a_unified_diff_on_stdout(folder: Path) -> None:
    lines = run("config", folder / "base.py", "--diff").stdout.splitlines()
    assert lines[0].startswith("--- a/")
    assert "-optimizer = dict(type='SGD', lr=0.1)" in lines


def test_strict_exits_1_if_a_person_is_needed(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text("gpu_ids = [0]\n")
    assert run("config", tmp_path / "c.py").exit_code == 0
    assert run("config", tmp_path / "c.py", "--strict").exit_code == 1


def test_a_bad_file_does_not_stop_the_others_and_exits_2(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.py").write_text("x = (\n")
    (folder / "sub" / "heir.py").write_text("_base_ = '../bad.py'\n")
    result = run("config", folder, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert f"{folder / 'bad.py'}:1:5: CFG001 error: not valid Python" in result.stderr
    assert not (tmp_path / "out" / "bad.py").exists()
    assert not (tmp_path / "out" / "sub" / "heir.py").exists()
    assert (tmp_path / "out" / "base.py").read_text() == NEW


def test_json_has_every_file_with_its_findings(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.py").write_text("import socket\nmodel = dict(type='M')\n")
    run("config", folder, "-o", tmp_path / "out", "--json", tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["version"], document["to"]) == (1, "v3")
    assert document["summary"] == {"converted": 2, "unchanged": 1, "skipped": 0, "failed": 1}
    bad = next(file for file in document["files"] if file["path"].endswith("bad.py"))
    assert (bad["status"], bad["output"]) == ("failed", None)
    assert bad["findings"] == [
        {"line": 1, "column": 1, "code": "CFG003", "effect": "error", "message": bad["findings"][0]["message"]}
    ]


def test_json_on_stdout_is_all_there_is_on_stdout(folder: Path) -> None:
    assert json.loads(run("config", folder / "base.py", "--json", "-").stdout)["summary"]["converted"] == 1


def test_sarif_names_rule_and_place(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text("a = 1\ngpu_ids = [0]\n")
    document = json.loads(run("config", tmp_path / "c.py", "--sarif", "-").stdout)
    (result,) = document["runs"][0]["results"]
    assert result["ruleId"] == "ENV001"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2


def test_wrong_usage_exits_2(folder: Path) -> None:
    assert run("config").exit_code == 2
    assert run("config", folder / "nothing.py").exit_code == 2
    assert run("config", folder, "-o", "x", "-w").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_several_processes_give_the_same(tmp_path: Path) -> None:
    for index in range(80):
        (tmp_path / f"c{index}.py").write_text(OLD if index % 2 else "x = 1\n")
    one, two = (json.loads(run("config", tmp_path, "-j", jobs, "--json", "-").stdout) for jobs in (1, 2))
    assert one == two


def test_converting_never_imports_torch(folder: Path) -> None:
    code = (
        f"import sys\nfrom mmmigrate.compat.cli import main\nmain(['config', {str(folder)!r}], standalone_mode=False)\n"
    )
    code = code.replace("main([", "\ntry:\n    main([").replace("False)\n", "False)\nexcept SystemExit: pass\n")
    code += "print([name for name in ('torch', 'libcst', 'jinja2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_explain_and_rules_know_every_code() -> None:
    listed = [line.split()[0] for line in run("rules").stdout.splitlines()]
    assert "SCH001" in listed and "CFG003" in listed
    for code in listed:
        assert run("explain", code).exit_code == 0
    assert run("explain", "SCH01").exit_code == 2


def test_scripts_among_configs_are_skipped_and_named_ones_are_not(folder: Path) -> None:
    (folder / "browse.py").write_text("import argparse\n\n\ndef main():\n    pass\n")
    result = run("config", folder)
    assert result.exit_code == 0
    assert "1 skipped, 0 failed" in result.stderr
    assert run("config", folder / "browse.py").exit_code == 2


def test_yaml_and_json_configs_of_a_folder_are_converted_and_other_data_is_left_alone(folder: Path) -> None:
    (folder / "a.yaml").write_text("# rate\noptimizer: {type: SGD, lr: 0.1}  # one\nclasses: [a,  b]\n")
    (folder / "b.json").write_text('{"_base_": "a.yaml", "classes": ["c",  "d"], "total_epochs": 2}\n')
    (folder / "metafile.yml").write_text("Collections:\n  - Name: X\n")
    (folder / "annotations.json").write_text('{"images": []}')
    assert run("config", folder, "-w").exit_code == 0
    assert (folder / "a.yaml").read_text() == (
        "# rate\n# one\noptim_wrapper:\n  type: OptimWrapper\n  optimizer:\n    type: SGD\n    lr: 0.1\n"
        "classes: [a,  b]\n"
    )
    assert json.loads((folder / "b.json").read_text())["train_cfg"]["max_epochs"] == 2
    assert '"classes": ["c",  "d"]' in (folder / "b.json").read_text()
    assert run("config", folder, "--check").exit_code == 0


def test_a_yaml_config_goes_back_to_v2(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("optim_wrapper:  # mine\n  optimizer: {type: SGD, lr: 0.1}\n")
    assert run("config", tmp_path / "c.yaml", "--to", "v2", "-q").stdout == (
        "# mine\noptimizer:\n  type: SGD\n  lr: 0.1\noptimizer_config:\n  grad_clip: null\n"
    )


def test_the_project_s_settings_hold_unless_the_command_line_says_otherwise(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.mmmigrate]\nignore = ["opt"]\nexclude = ["sub"]\n')
    assert "2 files: 0 converted, 2 unchanged" in run("config", folder).stderr
    assert "2 files: 1 converted" in run("config", folder, "--ignore", "XYZ").stderr
    (folder / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert "3 files: 2 converted" in run("config", folder).stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.mmmigrate]\nignor = []\n", "ignore"),
        ("[tool.mmmigrate]\nignore = 3\n", "list of strings"),
        ("[tool.mmmigrate]\nschedule = 'fast'\n", "auto, stock, exact"),
        ("[tool.mmmigrate\n", "pyproject.toml"),
    ],
)
def test_settings_that_mean_nothing_are_wrong_usage(folder: Path, text: str, message: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    result = run("config", folder)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_idiomatic_style_groups_and_names_what_published_configs_do(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text(
        "log_config = dict(interval=5, hooks=[dict(type='TextLoggerHook')])\nx = 1\nload_from = None\n"
        "checkpoint_config = dict(interval=1)\nlr_config = dict(policy='step', step=[8])\ntotal_epochs = 9\n"
        "# the optimizer\noptimizer = dict(type='SGD', lr=0.1)\n"
    )
    text = run("config", tmp_path / "c.py", "-q", "--style", "idiomatic").stdout
    places = [text.index(f"{key} = ") for key in ("train_cfg", "param_scheduler", "optim_wrapper", "x")]
    assert places[:3] == sorted(places[:3])
    hooks = text[text.index("default_hooks") :]
    names = ("timer=", "logger=", "param_scheduler=", "checkpoint=", "sampler_seed=")
    assert [hooks.index(name) for name in names] == sorted(hooks.index(name) for name in names)
    (tmp_path / "c.py").write_text(text)
    assert run("config", tmp_path / "c.py", "--check", "--style", "idiomatic").exit_code == 0


def test_trust_executes_what_cannot_be_evaluated_and_only_that(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text("import string\nname = string.ascii_lowercase[:3]\ntotal_epochs = 2  # short\n")
    assert run("config", tmp_path / "c.py").exit_code == 2
    result = run("config", tmp_path / "c.py", "--trust", "-q")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        f"{NO_BASES}\nimport string\nname = string.ascii_lowercase[:3]\n"
        "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)  # short\n"
    )
    (tmp_path / "c.py").write_text("import string\nx = 1 / 0\ntotal_epochs = 2\n")
    result = run("config", tmp_path / "c.py", "--trust")
    assert result.exit_code == 2
    assert "CFG009" in result.stderr and "ZeroDivisionError" in result.stderr
