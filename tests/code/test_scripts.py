"""A project with its own training script, converted as a whole: both scripts run, and train to the same bits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from mmmigrate.compat.cli import main

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "fixtures" / "scripts"


def mmmigrate(*args: object) -> None:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "fixtures" / "experiments" / "shapes", folder / "old")
    shutil.copy(SCRIPTS / "apis.py", folder / "old" / "shapes")
    (folder / "old" / "tools").mkdir()
    shutil.copy(SCRIPTS / "train.py", folder / "old" / "tools")
    mmmigrate("code", "-q", folder / "old", "-o", folder / "new")
    mmmigrate("config", "-q", "--order", "v2", "--schedule", "exact", folder / "old" / "configs",
              "-o", folder / "new" / "configs")  # fmt: skip
    return folder


def run_script(folder: Path, *args: object) -> str:
    paths = os.pathsep.join([str(folder), str(ROOT / ".typing")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "mmmigrate.compat.aliases", *map(str, args)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def trained(folder: Path, length: str, *args: str) -> dict[str, torch.Tensor]:
    config = "configs/classifier_step.py"
    options = ("--seed", "3", "--work-dir", "work", "--cfg-options", f"{length}=1")
    run_script(folder, "tools/train.py", config, *args, *options)
    return torch.load(folder / "work" / "epoch_1.pth", weights_only=True)["state_dict"]


def test_the_converted_script_trains_to_the_same_bits(project: Path) -> None:
    old = trained(project / "old", "runner.max_epochs")
    new = trained(project / "new", "train_cfg.max_epochs")
    assert old.keys() == new.keys()
    assert [name for name in old if not torch.equal(old[name], new[name])] == []


def test_nothing_is_left_in_the_script_that_only_v2_has(project: Path) -> None:
    text = (project / "new" / "tools" / "train.py").read_text()
    assert "runner = Runner.from_cfg(cfg)\n    runner.train()" in text
    for gone in ("mmcv", "mmmigrate", "train_model", "build_dataset", "gpu_ids =", "logger", "import warnings"):
        assert gone not in text, gone
    for kept in ("cfg.merge_from_dict(args.cfg_options)", "# speed\n", "cfg.dump(osp.join(cfg.work_dir"):
        assert kept in text, kept


def test_the_runtime_trains_the_converted_project_without_its_script(project: Path) -> None:
    """Its registries are children of mmengine's, into which nothing looks that is not told their scope."""
    command = [sys.executable, "-m", "mmmigrate.runtime_v3", "configs/classifier_step.py", "--work-dir", "direct"]
    command += ["--cfg-options", "train_cfg.max_epochs=1", "randomness.seed=3"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=project / "new", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (project / "new" / "direct" / "epoch_1.pth").is_file()
