"""What users put into their CI: the script of `action.yml` as GitHub runs it, and the hooks of pre-commit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
custom_imports = dict(imports=['dots'])
model = dict(type='DotNet')
data = dict(samples_per_gpu=4, workers_per_gpu=0, train=dict(type='Dots', count=22))
optimizer = dict(type='SGD', lr=0.1)
optimizer_config = dict()
lr_config = dict(policy='step', step=[1])
total_epochs = 3
"""


def environment(**own):
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **own}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/a.py").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def action(project):
    """Runs the step that verifies, with these inputs; gives its exit code."""
    described = yaml.safe_load((ROOT / "action.yml").read_text())
    defaults = {name.upper(): value.get("default", "") for name, value in described["inputs"].items()}
    script = next(step["run"] for step in described["runs"]["steps"] if step.get("id") == "verify")
    places = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary.md", "RUNNER_TEMP": "temp"}

    def run(**inputs):
        files = {name: str(project / file) for name, file in places.items()}
        given = environment(**defaults, **files) | inputs
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(command, cwd=project, env=given, capture_output=True, text=True, check=False).returncode

    return run


def test_the_action_passes_what_is_equal_and_fails_what_diverges(action, project):
    assert action(CONFIGS="configs/*.py") == 0
    migrated = project / "v3/configs/a.py"
    command = [sys.executable, "-m", "mmmigrate.compat", "config", "configs/a.py", "--schedule", "exact", "-o", "v3"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    found = next(path for path in (project / "v3").rglob("a.py"))
    migrated.parent.mkdir(exist_ok=True)
    shutil.move(found, migrated)
    migrated.write_text(migrated.read_text().replace("lr=0.1", "lr=0.2"))
    assert action(CONFIGS="configs/a.py", MIGRATED="v3") == 1
    reports = project / "temp/mmmigrate/configs_a"
    assert {path.name for path in reports.iterdir()} == {"report.html", "verdict.json", "junit.xml", "summary.md"}
    assert (project / "output").read_text().splitlines()[0] == f"reports={reports.parent}"
    summary = (project / "summary.md").read_text()
    assert summary.index("`configs/a.py`: bit-equal") < summary.index("`configs/a.py`: divergent")


def test_the_worst_of_several_configs_decides(action, project):
    (project / "configs/broken.py").write_text("_base_ = './absent.py'\n")
    assert action(CONFIGS="configs/broken.py configs/a.py") == 2


@pytest.mark.parametrize(
    ("hook", "before", "after"),
    [
        ("mmmigrate-config", "configs/a.py", 1),
        ("mmmigrate-code", "module.py", 1),
        ("mmmigrate-config", "configs/v3.py", 0),
    ],
)
def test_a_pre_commit_hook_fails_on_what_is_still_v2(project, hook, before, after):
    (project / "module.py").write_text("from mmcv.runner import BaseModule\n\nclass M(BaseModule):\n    pass\n")
    (project / "configs/v3.py").write_text("train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=3)\n")
    hooks = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    command = [*hooks[hook]["entry"].split(), before]
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == after, done.stderr
