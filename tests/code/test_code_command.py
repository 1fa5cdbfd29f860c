"""`mmmigrate code` as the command's contract lays it down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmmigrate.compat.cli import main
from mmmigrate.compat.results import write_file

OLD = "from mmcv.runner import get_dist_info\n\nget_dist_info()\n"
NEW = "from mmengine.dist import get_dist_info\n\nget_dist_info()\n"


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["code", *(str(arg) for arg in args)])


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "pkg"
    (folder / "sub").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "old.py").write_text(OLD)
    (folder / "sub" / "also.py").write_text(OLD)
    (folder / "same.py").write_text("import torch\n")
    return folder


def test_one_file_goes_to_stdout_and_findings_to_stderr(package: Path) -> None:
    result = run(package / "old.py")
    assert (result.exit_code, result.stdout) == (0, NEW)
    assert f"{package / 'old.py'}:1:1: SYM001 exact" in result.stderr
    assert (package / "old.py").read_text() == OLD


def test_a_folder_is_a_dry_run_with_a_summary_and_how_to_apply_it(package: Path) -> None:
    result = run(package)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "4 files: 2 converted, 2 unchanged, 0 failed" in result.stderr
    assert "-o OUT" in result.stderr and "-w" in result.stderr
    assert (package / "old.py").read_text() == OLD


def test_output_folder_gets_the_same_tree(package: Path, tmp_path: Path) -> None:
    assert run(package, "-o", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "old.py").read_text() == NEW
    assert (tmp_path / "out" / "sub" / "also.py").read_text() == NEW
    assert (tmp_path / "out" / "same.py").read_text() == "import torch\n"


def test_in_place_and_then_nothing_is_left_to_do(package: Path) -> None:
    assert run(package, "--check").exit_code == 1
    assert run(package, "-w").exit_code == 0
    assert (package / "old.py").read_text() == NEW
    assert run(package, "--check").exit_code == 0


def test_diff_writes_nothing(package: Path) -> None:
    lines = run(package / "old.py", "--diff").stdout.splitlines()
    assert "-from mmcv.runner import get_dist_info" in lines
    assert "+from mmengine.dist import get_dist_info" in lines
    assert (package / "old.py").read_text() == OLD


def test_a_bad_file_is_named_and_does_not_stop_the_others(package: Path) -> None:
    (package / "bad.py").write_text("import mmcv\nx = (\n")
    (package / "bytes.py").write_bytes(b"x = '\xff'\n")
    result = run(package, "-w")
    assert result.exit_code == 2
    assert f"{package / 'bad.py'}:2:5: COD001 error: not valid Python" in result.stderr
    assert f"{package / 'bytes.py'}:1:1: COD002 error" in result.stderr
    assert (package / "old.py").read_text() == NEW
    assert (package / "bad.py").read_text() == "import mmcv\nx = (\n"


def test_a_broken_file_is_named_also_where_nothing_would_change(package: Path) -> None:
    (package / "bad.py").write_text("def f(:\n")
    assert "bad.py:1:7: COD001" in run(package).stderr


def test_json_has_every_file_with_its_findings(package: Path, tmp_path: Path) -> None:
    (package / "bad.py").write_text("x = (\n")
    (package / "skipped.py").write_text(f"# mmmigrate: skip\n{OLD}")
    run(package, "--json", tmp_path / "r.json")
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["version"], document["to"]) == (1, "v3")
    assert document["summary"] == {"converted": 2, "unchanged": 2, "skipped": 1, "failed": 1}
    old = next(file for file in document["files"] if file["path"].endswith("old.py"))
    assert old["status"] == "converted"
    assert old["findings"][0] == {
        "line": 1,
        "column": 1,
        "code": "SYM001",
        "effect": "exact",
        "message": "mmcv.runner.get_dist_info is mmengine.dist.get_dist_info",
    }


def test_sarif_names_rule_and_place(package: Path) -> None:
    document = json.loads(run(package / "old.py", "--sarif", "-").stdout)
    (result,) = document["runs"][0]["results"]
    assert result["ruleId"] == "SYM001"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1}


def test_select_and_ignore_take_codes_and_prefixes(package: Path) -> None:
    assert run(package / "old.py", "--ignore", "SYM").stdout == OLD
    assert run(package / "old.py", "--select", "VER").stdout == OLD
    assert run(package / "old.py", "--select", "SYM001").stdout == NEW


def test_without_the_bridge_what_is_gone_stays_with_one_marker(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("from mmcv.parallel import collate\n\ncollate([])\n")
    assert run(file).stdout.startswith("from mmmigrate.runtime_v2.parallel import collate\n")
    once = run(file, "--no-bridge").stdout
    assert once.splitlines()[0].startswith("# mmmigrate: SYM004 mmcv.parallel.collate is gone")
    assert once.splitlines()[1] == "from mmcv.parallel import collate"
    file.write_text(once)
    assert run(file, "--no-bridge").stdout == once


def test_strict_exits_1_if_a_person_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from mmcv.parallel import collate\n")
    assert run(tmp_path / "a.py").exit_code == 0
    assert run(tmp_path / "a.py", "--strict").exit_code == 1


def test_hidden_folders_and_environments_are_left_out(package: Path) -> None:
    for folder in (".hidden", "env", "__pycache__"):
        (package / folder).mkdir()
        (package / folder / "x.py").write_text(OLD)
    (package / "env" / "pyvenv.cfg").write_text("")
    assert "4 files" in run(package).stderr


def test_several_processes_give_the_same(package: Path) -> None:
    for index in range(40):
        (package / f"m{index}.py").write_text(OLD if index % 2 else "x = 1\n")
    one, two = (json.loads(run(package, "-j", jobs, "--json", "-").stdout) for jobs in (1, 2))
    assert one == two


def git(folder: Path, *args: str) -> None:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *args]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_what_git_could_not_give_back_is_not_overwritten(package: Path) -> None:
    git(package, "init", "-q")
    git(package, "add", ".")
    git(package, "commit", "-qm", "x")
    (package / "old.py").write_text(OLD + "# changed\n")
    result = run(package, "-w")
    assert result.exit_code == 2
    assert "old.py" in result.stderr and "--force" in result.stderr
    assert (package / "sub" / "also.py").read_text() == OLD
    assert run(package, "-w", "--force").exit_code == 0
    assert (package / "old.py").read_text() == NEW + "# changed\n"


def test_a_committed_file_is_rewritten_in_place(package: Path) -> None:
    git(package, "init", "-q")
    git(package, "add", ".")
    git(package, "commit", "-qm", "x")
    (package / "same.py").write_text("import torch  # changed, but nothing to convert\n")
    assert run(package, "-w").exit_code == 0
    assert (package / "old.py").read_text() == NEW


def test_wrong_usage_exits_2(package: Path) -> None:
    assert run().exit_code == 2
    assert run(package / "nothing.py").exit_code == 2
    assert run(package, "-o", "x", "-w").exit_code == 2


def test_converting_never_imports_torch_nor_the_users_code(package: Path) -> None:
    (package / "boom.py").write_text("import mmcv.runner\nraise SystemExit('executed')\n")
    code = (
        "import sys\nfrom mmmigrate.compat.cli import main\n"
        f"try:\n    main(['code', {str(package)!r}], standalone_mode=False)\nexcept SystemExit: pass\n"
        "print([name for name in ('torch', 'libcst', 'pkg') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_program_gives_all_its_output_and_its_exit_code(package: Path) -> None:
    command = [sys.executable, "-m", "mmmigrate.compat", "code"]
    shown = subprocess.run([*command, "old.py"], cwd=package, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout) == (0, NEW)
    for arguments, code in ((["--check", "."], 1), (["missing.py"], 2), (["same.py", "--check"], 0)):
        assert subprocess.run([*command, *arguments], cwd=package, capture_output=True, check=False).returncode == code


def test_a_package_may_be_converted_from_inside(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (package / "hooks.py").write_text("from mmcv.runner import Hook\n\n\nclass Base(Hook):\n    pass\n")
    (package / "mine.py").write_text(
        "from .hooks import Base\n\n\nclass Mine(Base):\n\n    def before_run(self, runner):\n        pass\n"
    )
    monkeypatch.chdir(package)
    expected = (package / "mine.py").read_text().replace("before_run", "before_train")
    assert run("mine.py").stdout == expected
    monkeypatch.chdir(package / "sub")
    assert run("../mine.py").stdout == expected


def failing_at(number: int, error: BaseException):
    """Writing files, until the file of that number is to be written."""
    written = []

    def write(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) == number:
            raise error
        write_file(path, data)

    return write


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_written(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmmigrate.compat.cli.request.write_file", failing_at(1, PermissionError(13, "denied")))
    result = run(package, "-w", "--json", "-")
    assert result.exit_code == 2
    old, *_ = (file for file in json.loads(result.stdout)["files"] if file["path"].endswith("old.py"))
    assert (old["status"], old["output"], old["findings"][-1]["code"]) == ("failed", None, "WRT001")
    assert f"{package / 'old.py'}: WRT001 error: cannot be written: denied" in result.stderr
    assert (package / "old.py").read_text() == OLD
    assert (package / "sub" / "also.py").read_text() == NEW


def test_an_interrupted_run_says_which_files_are_new(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmmigrate.compat.cli.request.write_file", failing_at(2, KeyboardInterrupt()))
    result = run(package, "-w")
    assert result.exit_code != 0
    assert f"interrupted: 1 files are written, all others are as they were\n  {package / 'old.py'}\n" in result.stderr
    assert (package / "old.py").read_text() == NEW
    assert (package / "sub" / "also.py").read_text() == OLD


def test_a_diff_is_split_into_lines_as_patch_does(package: Path) -> None:
    (package / "old.py").write_bytes(OLD.replace("\n\n", "\n\x0c\n").encode())
    assert "No newline" not in run(package / "old.py", "--diff").stdout
