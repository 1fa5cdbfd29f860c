"""Configs and registries behave as those of the real libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def recorded(python: Path | str, script: str, *args: str | Path) -> list[Any]:
    done = subprocess.run([str(python), str(HERE / script), *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_recorded_registry_table_is_not_empty() -> None:
    (ours,) = recorded(sys.executable, "record_registry.py", "runtime_v2")
    assert len(ours) > 50
    assert ours["det.get(Own)"] == "Deep"


@pytest.mark.peer
def test_registries_answer_as_mmcvs_do(peer_v2: Path) -> None:
    (theirs,) = recorded(peer_v2, "record_registry.py", "mmcv")
    (ours,) = recorded(sys.executable, "record_registry.py", "runtime_v2")
    assert ours == theirs


@pytest.mark.peer
def test_registries_answer_as_mmengines_do(peer_v3: Path) -> None:
    (theirs,) = recorded(peer_v3, "record_registry.py", "mmengine")
    (ours,) = recorded(sys.executable, "record_registry.py", "runtime_v3")
    assert ours == theirs


@pytest.mark.peer
def test_layers_start_and_compute_as_in_mmcv(peer_v2: Path) -> None:
    (theirs,) = recorded(peer_v2, "record_layers.py", "mmcv")
    (ours,) = recorded(sys.executable, "record_layers.py", "runtime_v2")
    assert len(ours) > 30
    assert ours == theirs


@pytest.mark.peer
def test_published_configs_load_as_in_mmcv(peer_v2: Path, published_mmdet: Path) -> None:
    theirs = recorded(peer_v2, "record_configs.py", "mmcv", published_mmdet)
    ours = recorded(sys.executable, "record_configs.py", "runtime_v2", published_mmdet)
    assert len(theirs) >= 666
    assert [record["path"] for record in ours if record not in theirs] == []
    assert len(ours) == len(theirs)


FILES = {
    "base.py": "a = dict(b=[1, dict(c=2)], t=(1, dict(x=1)))\nname = 'n'\nn = None\n",
    "other.yaml": "y: {z: [1, 2.5, true, null]}\n",
    "third.json": '{"j": {"k": "{{ fileBasename }}"}}',
    "child.py": "_base_ = ['base.py', './other.yaml']\na = dict(b=3, new=dict(_delete_=True, e=1))\n",
    "grand.py": "_base_ = './child.py'\na = dict(_delete_=True, f={{_base_.y.z}})\ny = dict(z={{ _base_.name }})\n",
    "json_child.py": "_base_ = 'third.json'\nj = dict(l='{{ fileDirname }}'[-1:], k=1)\nv = j\nv2 = [j, (j, )]\n",
    "functions.py": "import sys\ndef f(x):\n    return x + 1\nx = f(1)\ny = [f(i) for i in range(3)]\nz = lambda: 1\n",
    "classes.py": (
        "class Meta(type):\n    def __repr__(cls):\n        return 'class'\n"
        "class A(metaclass=Meta):\n    pass\ndel Meta\n_private = 1\n__hidden = 2\nx = _private\n"
    ),
    "duplicate.py": "_base_ = ['base.py', 'again.py']\n",
    "again.py": "name = 1\n",
    "wrong.py": "_base_ = 'base.py'\nname = dict(x=1)\n",
    "missing.py": "_base_ = 'none.py'\n",
    "syntax.py": "x = (\n",
    "environment.yaml": "x: 1\ny: ['{{ fileBasenameNoExtension }}', '{{fileExtname}}']\n",
    "falsy_delete.py": "_base_ = 'base.py'\na = dict(_delete_=False, q=1)\n",
    "deleted_inside.py": "_base_ = 'base.py'\nm = dict(_delete_=True, x=dict(_delete_=True, y=1))\n",
    "deprecated.py": "_deprecation_ = dict(expected='x')\nx = 1\n",
}
V3_FILES = {
    **FILES,
    "attribute.py": "_base_ = ['base.py']\nx = _base_.a.b[1]\n_base_.a.b[0] = 7\n_base_.a.g = dict(h=_base_.name)\n",
    "lazy.py": "from torch.nn import Linear\nimport torch.optim\nx = dict(type=Linear, o=torch.optim.SGD)\n",
    "lazy_child.py": (
        "from mmengine.config import read_base\nwith read_base():\n    from .lazy import *\n"
        "    from .again import name as n\n"
        "x.update(in_features=n)\nx.o = dict(type=x.o)\n"
    ),
    "lazy_mix.py": "from torch import nn\n_base_ = 'lazy.py'\n",
}


def own_and_real(folder: Path, files: dict[str, str], python: Path, real: str, ours: str) -> tuple[Any, Any]:
    for name, text in files.items():
        (folder / name).write_text(text)
    return (
        {record["path"]: record for record in recorded(sys.executable, "record_configs.py", ours, folder)},
        {record["path"]: record for record in recorded(python, "record_configs.py", real, folder)},
    )


@pytest.mark.peer
def test_hard_cases_load_as_in_mmcv(peer_v2: Path, tmp_path: Path) -> None:
    ours, theirs = own_and_real(tmp_path, FILES, peer_v2, "mmcv", "runtime_v2")
    assert ours == theirs


@pytest.mark.peer
def test_hard_cases_load_as_in_mmengine(peer_v3: Path, tmp_path: Path) -> None:
    ours, theirs = own_and_real(tmp_path, V3_FILES, peer_v3, "mmengine", "runtime_v3")
    assert ours == theirs


@pytest.mark.peer
@pytest.mark.parametrize(("generation", "module"), [("v2", "mmcv.utils"), ("v3", "mmengine.config")])
def test_the_printed_form_loads_in_the_real_library(
    generation: str, module: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from mmmigrate.compat.config import Config

    python = request.getfixturevalue(f"peer_{generation}")
    values = {
        "model": {"type": "A" * 40, "blocks": [{"depth": 1, "x-y": (1,)}, []], "name": 'it\'s "quoted"\n'},
        "nothing": None,
        "many": list(range(60)),
    }
    dumped = str(tmp_path / "dumped.py")
    Config(values).dump(dumped)
    code = f"from {module} import Config; print(repr(Config.fromfile({dumped!r})._cfg_dict.to_dict()))"
    printed = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout
    assert eval(printed) == values
