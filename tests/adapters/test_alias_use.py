"""The aliases as old projects use them: version checks, probes, workers that are spawned, tests with a conftest."""

import subprocess
import sys
from pathlib import Path

import pytest


def python(*arguments, cwd=None):
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


LIGHT = """
import importlib, importlib.metadata, importlib.util, sys
from mmmigrate.compat import aliases
aliases.install("mmcv", "mmengine")
assert "torch" not in sys.modules
version = importlib.metadata.version
assert [version(name) for name in ("mmcv", "mmcv-full", "mmcv_full")] == ["1.7.2"] * 3
assert version("mmengine") == "0.10.7"
assert importlib.metadata.version("click")
assert {"mmcv", "mmengine"} <= {found.metadata["Name"] for found in importlib.metadata.distributions()}
for path in ("mmcv.nothing_at_all", "mmengine.nothing_at_all", "mmcv._ext"):
    assert importlib.util.find_spec(path) is None, path
assert importlib.util.find_spec("mmcv.runner").name == "mmcv.runner"
import mmcv, mmengine
assert (mmcv.version_info, mmengine.version_info) == ((1, 7, 2), (0, 10, 7))
assert mmcv.__file__.endswith("__init__.py")
assert "torch" not in sys.modules
assert mmcv.digit_version(mmcv.__version__) >= mmcv.digit_version("1.3.17")
module = __import__("mmcv.runner.hooks.hook", fromlist=["not_there"])
assert importlib.import_module("mmcv.runner.hooks.hook") is module
import mmcv.runner.hooks.hook as direct
assert direct is module and direct.Hook is mmcv.runner.Hook
try:
    from mmcv.runner import Hok
except ImportError as error:
    assert "did you mean" in str(error), error
else:
    raise AssertionError
print("fine")
"""


def test_versions_probes_and_every_form_of_import():
    assert python("-c", LIGHT) == "fine\n"


SETUPTOOLS = """
import sys
from mmmigrate.compat import aliases
aliases.install("mmcv")
import pkg_resources
print(pkg_resources.get_distribution("mmcv").version, type(pkg_resources).__name__)
"""


def test_the_old_pkg_resources_knows_the_version(tmp_path):
    (tmp_path / "pkg_resources.py").write_text(
        "class Distribution:\n    def __init__(self, project_name, version):\n"
        "        self.project_name, self.version = project_name, version\n"
        "class Set(dict):\n    def add(self, found, replace=False):\n        self[found.project_name] = found\n"
        "working_set = Set()\nget_distribution = working_set.__getitem__\n"
    )
    assert python("-c", SETUPTOOLS, cwd=tmp_path) == "1.7.2 module\n"


SCRIPT = """
import pickle
import sys
from functools import partial
from unittest import mock

import torch
from mmcv.parallel import DataContainer, collate
from mmcv.runner import HOOKS, Hook
from mmcv.utils import Config, Registry
from torch.utils.data import DataLoader, Dataset

from local_part import scale

DATASETS = Registry("dataset")


@DATASETS.register_module()
class Numbers(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        import mmcv
        x = torch.tensor([scale(float(index))])
        return {"x": DataContainer(x, stack=True, pad_dims=None), "version": mmcv.__version__}


if __name__ == "__main__":
    dataset = DATASETS.build(dict(type="Numbers"))
    again = pickle.loads(pickle.dumps(dataset))
    together = partial(collate, samples_per_gpu=2)
    loader = DataLoader(again, 2, num_workers=1, multiprocessing_context="spawn", collate_fn=together)
    batches = [(batch["x"].data[0].tolist(), batch["version"]) for batch in loader]
    assert batches[1] == ([[4.0], [6.0]], ["1.7.2", "1.7.2"]), batches
    config = pickle.loads(pickle.dumps(Config(dict(a=dict(b=1)))))
    assert config.a.b == 1
    with mock.patch("mmcv.runner.get_dist_info", return_value=(3, 4)):
        from mmcv.runner import get_dist_info
        assert get_dist_info() == (3, 4)
    print("fine", sys.argv[1:])
"""


def test_a_script_with_spawned_workers_pickles_and_patches(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "local_part.py").write_text("import mmcv\n\ndef scale(value):\n    return 2 * value\n")
    printed = python("-m", "mmmigrate.compat.aliases", tmp_path / "train.py", "--epochs", "3")
    assert printed == "fine ['--epochs', '3']\n"


def test_the_pytest_plugin_comes_before_a_conftest_that_imports_mmcv(tmp_path):
    (tmp_path / "conftest.py").write_text("import mmcv\nfrom mmengine.registry import Registry\n")
    (tmp_path / "test_it.py").write_text(
        "from unittest import mock\nfrom mmcv.runner import Hook\n"
        "def test_it():\n    assert Hook.__module__.startswith('mmmigrate')\n"
    )
    printed = python(
        "-m", "pytest", "-q", "-p", "mmmigrate.compat.pytest_aliases", "-c", "/dev/null", tmp_path, cwd=tmp_path
    )
    assert "1 passed" in printed


@pytest.mark.parametrize("generation", ["v2", "v3"])
def test_train_answers_the_projects_imports(tmp_path, generation):
    (tmp_path / "part.py").write_text(
        "import mmcv, mmengine\nraise SystemExit(f'{mmcv.__version__} {mmengine.__version__}')\n"
    )
    (tmp_path / "config.py").write_text(
        "custom_imports = dict(imports=['part'], allow_failed_imports=False)\nmodel = dict()\n"
    )
    command = ["-m", "mmmigrate.compat", "train", "--alias", "--generation", generation, "config.py"]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=tmp_path)
    assert "1.7.2 0.10.7" in done.stdout + done.stderr


def test_a_real_library_that_is_loaded_is_refused_by_the_plugin(tmp_path):
    (tmp_path / "mmcv.py").write_text("")
    command = [sys.executable, "-c", "import mmcv\nimport mmmigrate.compat.pytest_aliases\n"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "the real mmcv was imported already" in done.stderr
    assert str(Path(tmp_path / "mmcv.py")) in done.stderr
