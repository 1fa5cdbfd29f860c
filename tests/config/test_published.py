"""mmdet 2.28.2's whole published folder: each file converted or refused, and real mmengine loads what is written."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmmigrate.compat.cli import main
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.generation import left_over
from mmmigrate.converters.read.traced import plain, same

LOAD_ALL = """
import pickle, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
from mmengine.config import Config
root = Path(sys.argv[1])
loaded = {
    path.relative_to(root).as_posix(): Config.fromfile(path, import_custom_modules=False).to_dict()
    for path in sorted(root.rglob("*.py"))
}
Path(sys.argv[2]).write_bytes(pickle.dumps(loaded))
"""

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def converted(published_mmdet: Path, tmp_path_factory) -> tuple[Path, dict]:
    """The converted folder, and the JSON result of converting it."""
    out = tmp_path_factory.mktemp("published")
    result = CliRunner().invoke(
        main, ["config", str(published_mmdet), "-o", str(out / "configs"), "-q", "--json", str(out / "result.json")]
    )
    assert result.exit_code == 0, result.stderr
    return out / "configs", json.loads((out / "result.json").read_text())


def test_every_file_is_accounted_for(converted: tuple[Path, dict]) -> None:
    _, document = converted
    assert sum(document["summary"].values()) == 666
    assert document["summary"]["failed"] == 0
    assert document["summary"]["converted"] > 300


def test_real_mmengine_loads_every_file_as_the_tree_that_was_proved(
    converted: tuple[Path, dict], published_mmdet: Path, peer_v3: Path, tmp_path: Path
) -> None:
    out, _ = converted
    script = tmp_path / "load_all.py"
    script.write_text(LOAD_ALL)
    subprocess.run([peer_v3, script, out, tmp_path / "loaded.pkl"], check=True, cwd=tmp_path)
    loaded = pickle.loads((tmp_path / "loaded.pkl").read_bytes())
    converter = ConfigConverter()
    assert len(loaded) == 666
    different = [
        name for name, tree in loaded.items() if not same(tree, plain(converter.convert(published_mmdet / name).tree))
    ]
    assert different == []


def test_no_old_key_is_left_without_a_finding(converted: tuple[Path, dict], published_mmdet: Path) -> None:
    converter = ConfigConverter()
    for path in published_mmdet.rglob("*.py"):
        result = converter.convert(path)
        said = {word for note in result.notes for word in re.findall(r"\w+", note.message)}
        assert set(left_over(result.tree)) <= said, path
