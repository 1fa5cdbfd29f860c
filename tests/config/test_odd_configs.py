"""What Python allows in a config and few write: read as real mmcv reads it, and converted to what real mmengine loads.

A folder of `fixtures/odd_configs` is a config with its bases. Those under `executed_only` need code that is never run
here without `--trust`: files, modules, classes.
"""

from __future__ import annotations

import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import plain, same

ODD = Path(__file__).resolve().parents[2] / "fixtures" / "odd_configs"
EVALUATED = sorted(path.name for path in (ODD / "evaluated").iterdir())
EXECUTED = sorted(path.name for path in (ODD / "executed_only").iterdir())
RUNTIME = """
optimizer = dict(type='SGD', lr=0.02, momentum=0.9)
lr_config = dict(policy='step', warmup='linear', warmup_iters=500, warmup_ratio=0.001, step=[8, 11])
runner = dict(type='EpochBasedRunner', max_epochs=12)
"""
# Both libraries count imported classes as settings, which no one means: they are left out.
LOAD = """
import contextlib, io, pickle, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
PLAIN = (type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)

def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return type(value)(map(plain, value)) if type(value) in (list, tuple) else value

def load(path):
    LIBRARY
    with contextlib.redirect_stdout(io.StringIO()):
        config = Config.fromfile(str(path), import_custom_modules=False)._cfg_dict.to_dict()
    return plain({key: value for key, value in config.items() if isinstance(value, PLAIN)})

root = Path(sys.argv[1])
Path(sys.argv[2]).write_bytes(pickle.dumps({path.parent.name: load(path) for path in root.glob("*/config.py")}))
"""


def loaded_by(python: Path, library: str, folder: Path, scratch: Path) -> dict[str, Any]:
    script, out = scratch / "load.py", scratch / "loaded.pkl"
    script.write_text(LOAD.replace("LIBRARY", f"from {library} import Config"))
    subprocess.run([python, script, folder, out], check=True, cwd=scratch)
    result: dict[str, Any] = pickle.loads(out.read_bytes())
    return result


def read(path: Path, *, trust: bool = False) -> dict[str, Any]:
    tree: dict[str, Any] = plain(Loader(trust).load(path).merged)
    return tree


@pytest.mark.peer
def test_they_are_read_as_real_mmcv_reads_them(peer_v2: Path, tmp_path: Path) -> None:
    wanted = loaded_by(peer_v2, "mmcv", ODD / "evaluated", tmp_path)
    found = {name: read(ODD / "evaluated" / name / "config.py") for name in EVALUATED}
    assert [name for name in EVALUATED if not same(found[name], wanted[name])] == []


@pytest.mark.peer
def test_converted_real_mmengine_loads_the_tree_that_was_proved(peer_v3: Path, tmp_path: Path) -> None:
    """mmengine evaluates `_base_` alone and takes files with imports for another kind of config: neither may matter."""
    old = tmp_path / "old"
    shutil.copytree(ODD / "evaluated", old)
    trees = {}
    for name in EVALUATED:
        path = old / name / "config.py"
        if "runner" not in path.read_text() and "_base_" not in path.read_text():
            path.write_text(path.read_text() + RUNTIME)
        converter = ConfigConverter()
        trees[name] = plain(converter.convert(path).tree)
        for file in sorted((old / name).glob("*.py")):
            target = tmp_path / "new" / name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(converter.convert(file).text)
    loaded = loaded_by(peer_v3, "mmengine.config", tmp_path / "new", tmp_path)
    assert [name for name in EVALUATED if not same(loaded[name], trees[name])] == []


@pytest.mark.parametrize("name", EXECUTED)
def test_code_that_would_have_to_run_is_refused(name: str) -> None:
    with pytest.raises(ConversionError, match="CFG003"):
        read(ODD / "executed_only" / name / "config.py")


@pytest.mark.peer
def test_trusted_they_are_executed_as_mmcv_does(peer_v2: Path, tmp_path: Path) -> None:
    wanted = loaded_by(peer_v2, "mmcv", ODD / "executed_only", tmp_path)
    found = {name: read(ODD / "executed_only" / name / "config.py", trust=True) for name in EXECUTED}
    assert [name for name in EXECUTED if not same(found[name], wanted[name])] == []


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_line_ends_stay_and_a_byte_order_mark_goes(start: bytes, end: bytes, tmp_path: Path) -> None:
    """With a byte order mark neither library reads a file."""
    path = tmp_path / "config.py"
    path.write_bytes(start + b"# runs\n".replace(b"\n", end) + RUNTIME.encode().replace(b"\n", end))
    result = ConfigConverter().convert(path)
    data = result.file.source.encode(result.text)
    assert data.startswith(b"# runs" + end)
    assert data.count(b"\n") == data.count(end)
