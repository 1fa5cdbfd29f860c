"""The experiments of the shapes project, converted once, and a way to break a conversion on purpose."""

import shutil
from pathlib import Path

import pytest

from mmmigrate.compat.pipeline import convert_to

CONFIGS = Path(__file__).resolve().parents[2] / "fixtures/experiments/shapes/configs"


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """Name of an experiment to its converted config, as `verify` converts it."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = convert_to(CONFIGS / f"{name}.py", tmp_path_factory.mktemp(name))
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
