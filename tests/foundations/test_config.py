from __future__ import annotations

import copy
import pickle
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmmigrate.compat.config import Config, ConfigDict, DictAction, OptionsAction, merge, pretty_text
from mmmigrate.compat.config.options import parse_value


@pytest.fixture
def cfg() -> Config:
    return Config({"model": {"type": "A", "blocks": [{"depth": 1}, {"depth": 2}]}, "lr": 0.1})


def test_values_are_read_by_attribute_and_item(cfg: Config) -> None:
    assert cfg.model.blocks[1].depth == cfg["model"]["blocks"][1]["depth"] == 2
    assert cfg.get("nothing", 3) == 3
    assert "lr" in cfg
    assert "x" not in cfg
    assert len(cfg) == 2
    assert list(cfg) == ["model", "lr"]


def test_a_missing_key_is_an_attribute_error_or_a_key_error(cfg: Config) -> None:
    with pytest.raises(AttributeError, match="'ConfigDict' object has no attribute 'modle'"):
        cfg.modle  # noqa: B018
    with pytest.raises(KeyError, match="modle"):
        cfg["modle"]
    assert not hasattr(cfg.model, "depth")


def test_dicts_that_are_put_in_become_config_dicts(cfg: Config) -> None:
    cfg.data = {"train": [{"a": 1}]}
    cfg["test"] = {"b": 2}
    assert (cfg.data.train[0].a, cfg.test.b) == (1, 2)


def test_a_config_shares_nothing_with_the_dict_it_is_made_from() -> None:
    given_dict = ConfigDict(a={"b": [1]})
    cfg = Config(given_dict)
    cfg.a.b.append(2)
    assert given_dict == {"a": {"b": [1]}}


def test_methods_of_dict_can_not_be_hidden(cfg: Config) -> None:
    with pytest.raises(AttributeError, match="'items' is read-only"):
        cfg.items = 3
    cfg["items"] = 3
    assert cfg["items"] == 3


@pytest.mark.parametrize("key", ["filename", "text", "pretty_text"])
def test_reserved_keys_are_refused(key: str) -> None:
    with pytest.raises(KeyError, match=f"{key} is reserved"):
        Config({key: 1})


def test_something_else_than_a_dict_is_refused() -> None:
    with pytest.raises(TypeError, match="cfg_dict must be a dict"):
        Config([1])  # type: ignore[arg-type]


def test_dotted_options_are_merged_also_into_lists(cfg: Config) -> None:
    cfg.merge_from_dict({"model.blocks.1.depth": 9, "model.type": "B", "new.key": 1, "model.blocks.0": {"x": 1}})
    assert cfg.to_dict() == {
        "model": {"type": "B", "blocks": [{"depth": 1, "x": 1}, {"depth": 9}]},
        "lr": 0.1,
        "new": {"key": 1},
    }


def test_an_index_past_the_end_is_refused(cfg: Config) -> None:
    with pytest.raises(KeyError, match="Index 2 exceeds the length of list"):
        cfg.merge_from_dict({"model.blocks.2.depth": 1})


def test_without_list_keys_a_list_is_not_addressed(cfg: Config) -> None:
    with pytest.raises(TypeError, match="cannot inherit from base"):
        cfg.merge_from_dict({"model.blocks.0.depth": 1}, allow_list_keys=False)


def test_merging_changes_neither_side() -> None:
    child, base = {"a": {"_delete_": True, "b": {"_delete_": False}}}, {"a": {"c": 1}}
    before = copy.deepcopy((child, base))
    assert merge(child, base) == {"a": {"b": {"_delete_": False}}}
    assert (child, base) == before


def test_update_merges_nested_dicts() -> None:
    values = ConfigDict(a={"b": 1})
    values.update({"a": {"c": 2}}, d={"e": 3})
    assert values == {"a": {"b": 1, "c": 2}, "d": {"e": 3}}
    assert (values | {"a": {"b": 0}}) == {"a": {"b": 0, "c": 2}, "d": {"e": 3}}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda cfg: pickle.loads(pickle.dumps(cfg))])
def test_a_deep_copy_is_equal_and_shares_nothing(cfg: Config, duplicate: Any) -> None:
    other = duplicate(cfg)
    assert (other.to_dict(), other.filename, other.text) == (cfg.to_dict(), cfg.filename, cfg.text)
    other.model.blocks[0].depth = 7
    assert cfg.model.blocks[0].depth == 1
    assert type(other.model.blocks[0]) is ConfigDict


def test_a_shallow_copy_has_its_own_top_level_only(cfg: Config) -> None:
    other = cfg.copy()
    other.lr = 5
    other.model.type = "B"
    assert (cfg.lr, cfg.model.type) == (0.1, "B")


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "type", "class", "a-b", "norm_cfg", "1"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["a", "model", "x-y", "lambda"]), TREES, max_size=3), st.booleans())
def test_the_printed_form_reads_back_as_the_same_config(values: dict[str, Any], sort_keys: bool) -> None:
    namespace: dict[str, Any] = {}
    exec(pretty_text(values, sort_keys), namespace)
    namespace.pop("__builtins__")
    assert namespace == values


def test_the_printed_form_breaks_long_lines_and_keeps_short_ones() -> None:
    text = pretty_text({"model": {"type": "ResNet" * 5, "stages": list(range(20)), "norm_cfg": {"type": "BN"}}, "x": 1})
    assert text == (
        "model = dict(\n"
        f"    type='{'ResNet' * 5}',\n"
        "    stages=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],\n"
        "    norm_cfg=dict(type='BN'))\n"
        "x = 1\n"
    ).replace(
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]",
        "[\n        " + ",\n        ".join(str(number) for number in range(20)) + "]",
    )


def test_infinite_numbers_are_printed_as_python_can_read() -> None:
    assert pretty_text({"a": float("inf"), "b": [float("-inf")]}) == "a = float('inf')\nb = [float('-inf')]\n"


@pytest.mark.parametrize("suffix", [".py", ".json", ".yaml"])
def test_a_dumped_config_loads_as_the_same(cfg: Config, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"dumped{suffix}"
    cfg.dump(file)
    assert Config.fromfile(file).to_dict() == cfg.to_dict()


def test_dump_without_a_file_gives_the_text_in_the_format_of_the_origin(cfg: Config, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"x": 1}')
    assert Config.fromfile(file).dump() == '{"x": 1}'
    assert Config({"x": 1}).dump() == "x = 1\n"


def test_a_string_is_read_like_a_file() -> None:
    assert Config.fromstring("a = dict(b=1)\n", ".py").a.b == 1
    assert Config.fromstring('{"a": 1}', ".json").a == 1
    with pytest.raises(OSError, match="Only py/yml/yaml/json"):
        Config.fromstring("a = 1", ".txt")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1e-3", 1e-3),
        ("true", True),
        ("False", False),
        ("None", None),
        ("a/b.py", "a/b.py"),
        ("1,2", [1, 2]),
        ("[1,2]", [1, 2]),
        ("[1]", [1]),
        ("[]", []),
        ("(1,)", (1,)),
        ("[(a, 1), [b,2.5]]", [("a", 1), ["b", 2.5]]),
        ("'quoted'", "quoted"),
    ],
)
def test_an_option_value_is_read_as_python_would(text: str, value: Any) -> None:
    parsed = parse_value(text)
    assert (parsed, type(parsed)) == (value, type(value))


def test_the_option_may_be_repeated_and_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=DictAction)
    options = parser.parse_args(["--cfg-options", "a=1", "b.c=x=y", "--cfg-options", "d=(1,2)"]).cfg_options
    assert options == {"a": 1, "b.c": "x=y", "d": (1, 2)}
    command = ArgumentParser()
    command.add_argument("--cfg-options", nargs="+", action=OptionsAction)
    for bad, message in (
        ("ab", "expected KEY=VALUE, got 'ab'"),
        ("a=[(1]", "Imbalanced brackets"),
        ("a=(1,2]", "Imbalanced"),
    ):
        for kind in (ValueError, AssertionError):
            with pytest.raises(kind, match=message):
                parser.parse_args(["--cfg-options", bad])
        with pytest.raises(SystemExit):
            command.parse_args(["--cfg-options", bad])
        assert message in capsys.readouterr().err


def test_each_step_of_reading_can_be_done_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, target = tmp_path / "a.py", tmp_path / "b.py"
    file.write_text("a = '{{fileBasename}}'\nb = {{_base_.model.depth}}\nc = {{$STEPS:3}}\n")
    Config._substitute_predefined_vars(file, target)
    assert target.read_text().startswith("a = 'a.py'\n")
    monkeypatch.setenv("STEPS", "8")
    assert Config._substitute_env_variables(file, target) == {"STEPS": "8"}
    assert target.read_text().endswith("c = 8\n")
    (mark,) = (names := Config._pre_substitute_base_vars(file, target))
    assert names[mark] == "model.depth"
    assert f'b = "{mark}"' in target.read_text()
    assert Config._substitute_base_vars({"b": (mark, 1)}, names, {"model": {"depth": 50}}) == {"b": (50, 1)}
    file.write_text("dict(a=1, b=2.c=3)\n")
    with pytest.raises(SyntaxError, match=r"a\.py"):
        Config._validate_py_syntax(file)


def test_every_value_of_a_config_becomes_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "c.py"
    file.write_text("a = 1\nb = dict(c=0.5, d='x', e=[1, 2], f=True)\n")
    monkeypatch.setattr("sys.argv", ["prog", str(file), "--a", "3", "--b.e", "4", "5", "--b.f"])
    parser, cfg = Config.auto_argparser()
    args = vars(parser.parse_args())
    assert (args["a"], args["b.e"], args["b.f"], args["b.c"]) == (3, [4, 5], True, None)
    assert cfg.b.c == 0.5
