from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest

from mmmigrate.runtime_v3.config import Config, ConfigDict, ConfigParsingError, LazyObject


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        file = folder / f"{name}.py"
        file.write_text(text)
    return file


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configs folder of an installed package `someconfigs`."""
    configs = tmp_path / "someconfigs" / ".mim" / "configs" / "det"
    configs.mkdir(parents=True)
    (tmp_path / "someconfigs" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return configs


def test_a_base_of_another_package_gets_its_scope(package: Path, tmp_path: Path) -> None:
    write(package, base="model = dict(type='A', head=dict(type='B'))\nhooks = [dict(type='C')]\nx = dict(y=1)\n")
    path = write(tmp_path, child="_base_ = 'someconfigs::det/base.py'\nmodel = dict(depth=1)\n")
    assert Config.fromfile(path).to_dict() == {
        "model": {"type": "A", "head": {"type": "B"}, "_scope_": "someconfigs", "depth": 1},
        "hooks": [{"type": "C", "_scope_": "someconfigs"}],
        "x": {"y": 1},
    }


def test_a_package_that_is_not_installed_says_what_to_install(tmp_path: Path) -> None:
    path = write(tmp_path, child="_base_ = 'mmseg::a/b.py'\n")
    with pytest.raises(ModuleNotFoundError, match="mmseg is not installed: pip install mmsegmentation"):
        Config.fromfile(path)


@pytest.mark.parametrize("base", ["a::b::c.py", "::c.py", "a b::c.py", "mmdet::"])
def test_a_malformed_base_of_a_package_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(ValueError, match="package::folder/file"):
        Config.fromfile(write(tmp_path, child=f"_base_ = {base!r}\n"))


def test_read_base_takes_values_of_the_base(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        base="a = dict(b=1)\nc = 2\n",
        other="d = 3\ne = 4\n",
        child=(
            "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n"
            "    from .other import d as f\na.update(x=c)\na.b = 5\n"
        ),
    )
    assert Config.fromfile(path).to_dict() == {"a": {"b": 5, "x": 2}, "c": 2, "f": 3}


def test_imported_names_are_lazy_until_they_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        child=(
            "from collections import OrderedDict as Ordered\nfrom no_such_package.models import Net\n"
            "import torch.nn as nn\nimport no_such_package.ops\n"
            "m = dict(type=Net, act=nn.ReLU, ops=no_such_package.ops.nms)\nl = [dict(type=nn.Linear)]\n"
        ),
    )
    cfg = Config.fromfile(path)
    assert cfg.to_dict() == {
        "m": {"type": "no_such_package.models.Net", "act": "torch.nn.ReLU", "ops": "no_such_package.ops.nms"},
        "l": [{"type": "torch.nn.Linear"}],
    }
    assert cfg.m.act.__name__ == "ReLU"
    assert {**cfg.l[0]}["type"].__name__ == "Linear"
    with pytest.raises(ImportError, match=r"Failed to import no_such_package\.models in .*child\.py, line 2"):
        cfg.m.type  # noqa: B018


def test_lazy_names_of_mmengine_are_the_runtimes(tmp_path: Path) -> None:
    from mmmigrate.runtime_v3.registry import Registry

    path = write(
        tmp_path, child="from mmengine.registry import Registry\nr = dict(type=Registry, name='x', scope='y')\n"
    )
    cfg = Config.fromfile(path)
    assert cfg.r.type is Registry
    assert cfg.r.get("type") is cfg.r.pop("type") is Registry


def test_a_dumped_python_config_names_the_same_objects(tmp_path: Path) -> None:
    path = write(tmp_path, child="from torch.nn import Linear\nx = dict(type=Linear, name='a')\n")
    dumped = tmp_path / "dumped.py"
    Config.fromfile(path).dump(dumped)
    assert Config.fromfile(dumped).to_dict() == {"x": {"name": "a", "type": "torch.nn.Linear"}}


def test_copies_keep_lazy_names_lazy(tmp_path: Path) -> None:
    cfg = Config.fromfile(write(tmp_path, child="from no_such_package import Net\nm = dict(type=Net)\n"))
    for other in (copy.deepcopy(cfg), pickle.loads(pickle.dumps(cfg)), cfg.copy()):
        assert other.to_dict() == {"m": {"type": "no_such_package.Net"}}
        assert isinstance(other._to_lazy_dict()["m"]["type"], LazyObject)


def test_calling_a_lazy_name_in_a_config_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, child="from torch.nn import Linear\nx = Linear(1, 2)\n")
    with pytest.raises(RuntimeError, match=r"torch\.nn\.Linear can't be called.*dict\(type=Linear"):
        Config.fromfile(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from torch import *\n", "allowed under read_base"),
        ("with open('x'):\n    pass\n", "Only `read_base` context manager"),
        ("from mmengine.config import read_base\nwith read_base():\n    import base\n", "may stand under read_base"),
        (
            "from mmengine.config import read_base\nwith read_base():\n    from .none import *\n",
            "none.py does not exist",
        ),
        ("from mmengine.config import read_base\nwith read_base():\n    from .base import q\n", ".base defines no q"),
        ("from torch import nn\n_base_ = 'base.py'\n", "not in _base_"),
    ],
)
def test_forms_a_python_config_has_not_are_refused(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, base="x = 1\n")
    with pytest.raises(ConfigParsingError, match=message):
        Config.fromfile(write(tmp_path, child=text), lazy_import=True)


def test_a_text_config_can_not_inherit_from_a_python_config(tmp_path: Path) -> None:
    path = write(tmp_path, base="from torch import nn\nx = nn.ReLU\n", child="_base_ = 'base.py'\n")
    with pytest.raises(ConfigParsingError, match=r"base\.py is a pure-Python config.*child\.py"):
        Config.fromfile(path)


def test_python_configs_that_inherit_from_each_other_are_refused(tmp_path: Path) -> None:
    text = "from mmengine.config import read_base\nwith read_base():\n    from .{} import *\n"
    path = write(tmp_path, a=text.format("b"), b=text.format("a"))
    with pytest.raises(ConfigParsingError, match="inherits from itself"):
        Config.fromfile(path)


def test_standard_library_imports_leave_a_config_a_text_config(tmp_path: Path) -> None:
    path = write(tmp_path, base="x = 1\n", child="import os\n_base_ = 'base.py'\ny = os.sep\n")
    assert Config.fromfile(path).to_dict() == {"x": 1, "y": "/"}


def test_the_environment_that_was_used_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_LR", "0.5")
    path = write(tmp_path, base="lr = {{$SOME_LR:0.1}}\n", child="_base_ = 'base.py'\n")
    assert Config.fromfile(path).env_variables == {"SOME_LR": "0.5"}
    with pytest.raises(KeyError, match="env_variables is reserved"):
        Config({"env_variables": 1})


def test_the_difference_of_two_configs_is_shown() -> None:
    shown = Config.diff(Config({"a": 1, "b": 2}), Config({"a": 1, "b": 3}))
    assert "-b = 2" in shown
    assert "+b = 3" in shown
    assert "-a = 1" not in shown


def test_the_printed_form_is_sorted() -> None:
    assert Config({"b": 1, "a": {"d": 1, "c": 2}}).pretty_text == "a = dict(c=2, d=1)\nb = 1\n"


def test_pop_without_default_gives_none() -> None:
    assert ConfigDict(a=1).pop("b") is None


def test_merge_replaces_what_is_marked_for_deletion() -> None:
    values = ConfigDict(a={"b": 1, "c": {"d": 1}}, e=1)
    values.merge({"a": {"c": {"_delete_": True, "f": 2}}, "e": {"_delete_": True, "g": 3}})
    assert values == {"a": {"b": 1, "c": {"f": 2}}, "e": {"g": 3}}
    assert values == ConfigDict(OrderedDict(a={"b": 1, "c": {"f": 2}}, e={"g": 3}))
    assert values != {"a": 1}
