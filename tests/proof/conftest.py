"""The experiments of the shapes project, converted once, and a way to break a conversion on purpose."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmmigrate.compat.pipeline import convert_to
from mmmigrate.compat.proof.project import import_paths
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.proof.start import READY

CONFIGS = Path(__file__).resolve().parents[2] / "fixtures/experiments/shapes/configs"


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """Name of an experiment to its converted config, as `verify` converts it."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = convert_to(CONFIGS / f"{name}.py", tmp_path_factory.mktemp(name)).path
        return made[name]

    return get


@pytest.fixture
def spoiled(converted, tmp_path):
    """A converted config in which `before` is replaced by `after`, exactly once in all its files."""

    def get(name, before, after):
        source = converted(name)
        folder = shutil.copytree(source.parent, tmp_path / "spoiled")
        found = [path for path in folder.rglob("*.py") if before in path.read_text()]
        assert len(found) == 1, f"{before!r} occurs in {found}"
        found[0].write_text(found[0].read_text().replace(before, after))
        return folder / source.name

    return get


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """Where the project's relative `data/` lies, so that the images are drawn once."""
    return tmp_path_factory.mktemp("project_root")


@pytest.fixture(autouse=True)
def in_the_project_root(data_folder, monkeypatch):
    monkeypatch.chdir(data_folder)


@pytest.fixture(scope="session")
def configs():
    return CONFIGS


def run_engine(folder, generation, config, weights, **settings):
    """One engine on its own; gives its trace."""
    files = [str(folder / f"{generation}.trace"), str(folder / f"{generation}_work_dir"), str(weights)]
    spec = EngineSpec(generation, str(config), *files, paths=import_paths([CONFIGS / "x.py"]), **settings)
    command = [sys.executable, "-m", "mmmigrate.compat.proof.engine", str(spec.write(folder / f"{generation}.json"))]
    done = subprocess.run(command, input=READY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / f"{generation}.trace"


@pytest.fixture(scope="session")
def recorded_v2(tmp_path_factory, data_folder):
    """The trace of an experiment in runtime_v2, recorded once; its initial weights lie beside it."""
    made = {}

    def get(name, **settings):
        key = name, *settings.items()
        if key not in made:
            folder = tmp_path_factory.mktemp(name)
            made[key] = run_engine(folder, "v2", CONFIGS / f"{name}.py", folder / "weights.pth", **settings)
        return made[key]

    return get


@pytest.fixture
def train_new(tmp_path):
    """Trains a v3 config from the initial weights of a recorded v2 run; gives its trace."""

    def get(config, like, **settings):
        return run_engine(tmp_path, "v3", config, like.parent / "weights.pth", **settings)

    return get
