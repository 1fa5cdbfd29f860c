from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmmigrate.compat.config import Config, Loader

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the files given as `name=text` and gives the path of the last."""

    def _write(**files: str) -> Path:
        for name, text in files.items():
            file = tmp_path / (name if "." in name else f"{name}.py")
            file.write_text(text, encoding="utf-8")
        return file

    return _write


def load(path: Path) -> dict[str, Any]:
    return Config.fromfile(path).to_dict()


def test_names_that_are_no_values_are_left_out(write: Write) -> None:
    path = write(a="import os\nfrom math import inf\ndef f(): pass\n__x = 1\n_y = 2\nz = os.sep\n")
    assert load(path) == {"inf": float("inf"), "_y": 2, "z": "/"}


def test_a_child_is_merged_into_its_base(write: Write) -> None:
    path = write(base="model = dict(type='A', depth=1)\nx = 1\n", child="_base_ = 'base.py'\nmodel = dict(depth=2)\n")
    assert load(path) == {"model": {"type": "A", "depth": 2}, "x": 1}


def test_several_bases_several_levels_deep(write: Write) -> None:
    path = write(
        a="a = dict(x=1)\n",
        b="_base_ = './a.py'\na = dict(y=2)\nb = 1\n",
        c="c = [1]\n",
        d="_base_ = ['b.py', 'c.py']\nc = [2, 3]\n",
    )
    assert load(path) == {"a": {"x": 1, "y": 2}, "b": 1, "c": [2, 3]}


def test_two_bases_with_one_key_are_refused(write: Write) -> None:
    path = write(a="x = 1\n", b="x = 2\n", c="_base_ = ['a.py', 'b.py']\n")
    with pytest.raises(KeyError, match=r"c\.py: Duplicate key is not allowed among bases.*x"):
        load(path)


def test_a_cycle_of_bases_is_reported_with_its_files(write: Write) -> None:
    path = write(a="_base_ = 'b.py'\n", b="_base_ = 'a.py'\n")
    with pytest.raises(ValueError, match=r"inherits from itself: .*b\.py -> .*a\.py -> .*b\.py"):
        load(path)


def test_the_same_base_twice_on_different_ways_is_no_cycle(write: Write) -> None:
    path = write(a="x = dict(y=1)\n", b="_base_ = 'a.py'\nx = dict(_delete_=True, b=1)\n", c="_base_ = ['b.py']\n")
    assert load(path) == {"x": {"b": 1}}


def test_a_missing_base_names_child_and_base(write: Write) -> None:
    path = write(child="_base_ = '../none.py'\n")
    with pytest.raises(FileNotFoundError, match=r'child\.py: its base "\.\./none\.py" does not exist'):
        load(path)


def test_a_base_that_is_no_path_is_refused(write: Write) -> None:
    with pytest.raises(TypeError, match=r"_base_ must be a path or a list of paths, got 3"):
        load(write(child="_base_ = [3]\n"))


def test_delete_replaces_the_dict_of_the_base(write: Write) -> None:
    path = write(base="m = dict(a=1)\n", child="_base_ = 'base.py'\nm = dict(_delete_=True, b=2)\n")
    assert load(path) == {"m": {"b": 2}}


def test_delete_stays_where_there_is_nothing_to_delete(write: Write) -> None:
    # As in mmcv: the key is only taken out where a base has the same one.
    path = write(base="x = 1\n", child="_base_ = 'base.py'\nm = dict(_delete_=True, b=2)\n")
    assert load(path) == {"x": 1, "m": {"_delete_": True, "b": 2}}


def test_a_dict_on_something_else_is_refused_with_the_file(write: Write) -> None:
    path = write(base="m = [1]\n", child="_base_ = 'base.py'\nm = dict(a=1)\n")
    with pytest.raises(TypeError, match=r"child\.py: m=.* cannot inherit from base .*list.*_delete_=True"):
        load(path)


def test_variables_of_the_base_are_filled_in(write: Write) -> None:
    path = write(
        base="a = dict(b=[1, 2])\nname = 'n'\n",
        child="_base_ = 'base.py'\nx = {{ _base_.a.b }}\ny = [dict(z={{_base_.name}})]\nt = ({{_base_.a}}, )\n",
    )
    cfg = load(path)
    assert (cfg["x"], cfg["y"], cfg["t"]) == ([1, 2], [{"z": "n"}], ({"b": [1, 2]},))


def test_a_variable_the_base_has_not_is_refused(write: Write) -> None:
    with pytest.raises(KeyError, match=r"child\.py: the bases have no 'a\.c'"):
        load(write(base="a = dict(b=1)\n", child="_base_ = 'base.py'\nx = {{_base_.a.c}}\n"))


def test_the_base_can_be_read_as_an_object(write: Write) -> None:
    path = write(base="a = dict(b=3)\n", child="_base_ = ['base.py']\nx = _base_.a.b * 2\ny = [*_base_.a]\n")
    assert load(path) == {"a": {"b": 3}, "x": 6, "y": ["b"]}


def test_a_base_changed_in_place_is_merged_as_changed(write: Write) -> None:
    path = write(base="a = dict(b=3)\n", child="_base_ = ['base.py']\n_base_.a.b = 4\n_base_.a.c = 5\n")
    assert load(path) == {"a": {"b": 4, "c": 5}}


def test_two_keys_never_share_a_dict(write: Write) -> None:
    path = write(base="a = dict(b=3)\n", child="_base_ = 'base.py'\nx = _base_.a\ny = x\nz = {{_base_.a}}\n")
    cfg = Config.fromfile(path)
    cfg.x.b = 9
    assert (cfg.a.b, cfg.y.b, cfg.z.b) == (3, 3, 3)


def test_the_parts_of_the_file_name_are_filled_in(write: Write, tmp_path: Path) -> None:
    path = write(
        exp="a = '{{ fileDirname }}'\nb = '{{fileBasename}}'\nc = '{{ fileBasenameNoExtension }}{{fileExtname}}'\n"
    )
    assert load(path) == {"a": str(tmp_path), "b": "exp.py", "c": "exp.py"}


def test_the_file_name_is_left_alone_on_request(write: Write) -> None:
    path = write(exp="b = '{{ fileBasename }}'\n")
    assert Config.fromfile(path, use_predefined_variables=False).b == "{{ fileBasename }}"


def test_environment_variables_are_filled_in(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_LR", "0.5")
    monkeypatch.delenv("SOME_OTHER", raising=False)
    path = write(exp="lr = {{$SOME_LR:0.1}}\nwd = {{'$SOME_OTHER:0.2'}}\ns = '{{$SOME_OTHER:text}}'\n")
    assert load(path) == {"lr": 0.5, "wd": 0.2, "s": "text"}
    assert Loader().load(path).environment == {"SOME_LR": "0.5"}


def test_an_unset_environment_variable_without_default_is_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOME_OTHER", raising=False)
    with pytest.raises(KeyError, match=r"exp\.py: `SOME_OTHER` is not set"):
        load(write(exp="wd = {{$SOME_OTHER:}}\n"))


def test_yaml_and_json_configs_inherit_too(write: Write) -> None:
    write(**{"base.json": '{"a": {"b": 1}, "l": [1]}', "mid.yaml": "_base_: base.json\na: {c: 2}\nd: {{ _base_.l }}\n"})
    path = write(child="_base_ = './mid.yaml'\na = dict(b=5)\n")
    assert load(path) == {"a": {"b": 5, "c": 2}, "l": [1], "d": [1]}


@pytest.mark.parametrize(("name", "text", "error"), [("a.yaml", "a: [", ValueError), ("a.json", "[1]", TypeError)])
def test_broken_data_files_are_refused_by_name(write: Write, name: str, text: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=name):
        load(write(**{name: text}))


def test_a_syntax_error_names_file_and_line(write: Write) -> None:
    with pytest.raises(SyntaxError, match=r"syntax errors in config file .*bad\.py") as raised:
        load(write(bad="x = 1\ny = (\n"))
    assert raised.value.lineno == 2


def test_an_error_in_the_config_points_into_the_file(write: Write) -> None:
    path = write(bad="x = 1\ny = undefined\n")
    with pytest.raises(NameError) as raised:
        load(path)
    assert raised.traceback[-1].path == path
    assert raised.traceback[-1].lineno + 1 == 2


@pytest.mark.parametrize("name", ["none.py", "file.txt"])
def test_a_missing_file_or_another_type_is_refused(write: Write, tmp_path: Path, name: str) -> None:
    write(**{"file.txt": ""})
    with pytest.raises(OSError, match=name):
        load(tmp_path / name)


def test_deprecation_warns_and_leaves_no_key(write: Write) -> None:
    path = write(old="_deprecation_ = dict(expected='new.py', reference='a page')\nx = 1\n")
    with pytest.warns(DeprecationWarning, match=r"old\.py will be deprecated.*use new\.py instead.*at a page"):
        assert load(path) == {"x": 1}


def test_the_text_holds_all_files_with_their_names_bases_first(write: Write, tmp_path: Path) -> None:
    path = write(base="x = 1\n", child="_base_ = 'base.py'\n")
    assert Config.fromfile(path).text == f"{tmp_path}/base.py\nx = 1\n\n{path}\n_base_ = 'base.py'\n"


def test_a_changed_file_is_read_anew(write: Write) -> None:
    assert load(write(a="x = 1\n")) == {"x": 1}
    assert load(write(a="x = 2\n")) == {"x": 2}


def test_custom_imports_are_imported(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(some_custom_module="import os\nos.environ['SOME_CUSTOM_MODULE'] = 'imported'\n")
    path = write(cfg="custom_imports = dict(imports=['some_custom_module'], allow_failed_imports=False)\n")
    monkeypatch.setenv("SOME_CUSTOM_MODULE", "not imported")
    with pytest.raises(ImportError, match=r"cfg\.py: custom_imports failed.*PYTHONPATH"):
        load(path)
    Config.fromfile(path, import_custom_modules=False)
    monkeypatch.syspath_prepend(tmp_path)
    load(path)
    import os

    assert os.environ["SOME_CUSTOM_MODULE"] == "imported"


def test_custom_imports_may_be_allowed_to_fail(write: Write) -> None:
    with pytest.warns(UserWarning, match="no_such_module failed to import"):
        load(write(cfg="custom_imports = dict(imports='no_such_module', allow_failed_imports=True)\n"))


def test_loading_imports_no_torch(write: Write) -> None:
    import subprocess
    import sys

    path = write(cfg="x = 1\n")
    code = (
        "import sys\nfrom mmmigrate.compat.config import Config\n"
        f"Config.fromfile({str(path)!r}).pretty_text\nprint('torch' in sys.modules, 'mmmigrate' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
