"""A divergence is shrunk to the keys and changes that cause it, and to the first iteration that shows it."""

import json
from functools import partial

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from proof.drawn.training import trained
from proof.mutants import EXPERIMENTS, WRAPPER

from mmmigrate.compat.cli.main import main
from mmmigrate.compat.pipeline import convert_to
from mmmigrate.compat.proof.changes import GONE, changed, changes, paths, without
from mmmigrate.compat.proof.shrink import minimal, shrink
from mmmigrate.compat.trace import Comparison

TREES = st.recursive(
    st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.dictionaries(st.sampled_from("uvw"), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=12,
)
CONFIGS = st.dictionaries(st.sampled_from("xyz"), TREES, max_size=3)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))))
def test_parts_that_need_each_other_are_found_and_no_others(case):
    count, needed = case
    for halves in (True, False):
        assert set(minimal(list(range(count)), lambda some: needed <= set(some), halves=halves)) == needed


@given(CONFIGS, CONFIGS)
def test_all_changes_together_make_the_other_config(before, after):
    assert changed(before, list(changes(before, after))) == after
    assert list(changes(before, before)) == []


@given(CONFIGS)
def test_leaving_nothing_out_is_the_same_config_and_leaving_all_out_is_empty(tree):
    assert without(tree, set()) == tree
    assert without(tree, set(paths(tree, 1))) == {}


def test_changes_are_told_as_python_writes_them():
    before = {"a": [{"type": "X", "end": 3}, {"type": "Y"}], "b": {"type": "P", "k": 1}, "gone": 1}
    after = {"a": [{"type": "X", "end": 4}, {"type": "Y"}], "b": {"type": "Q"}}
    found = list(changes(before, after))
    assert [str(change) for change in found] == [
        "a[0].end: 4 (was 3)",
        "b: {'type': 'Q'} (was {'type': 'P', 'k': 1})",
        "gone: left out (was 1)",
    ]
    assert found[-1].after is GONE


@pytest.fixture
def pair(tmp_path):
    """An experiment and its conversion, with lines added by hand."""

    def get(name, by_hand=""):
        old = tmp_path / "old.py"
        old.write_text(EXPERIMENTS[name])
        new = convert_to(old, tmp_path / "converted").path
        new.write_text(f"{new.read_text()}\n{by_hand}\n")
        return old, new

    return get


HARMLESS = "default_hooks['checkpoint']['max_keep_ckpts'] = 2\ntrain_dataloader['pin_memory'] = False\n"


@pytest.mark.parametrize(
    ("planted", "change", "steps", "kept"),
    [
        ("model['dropout'] = 0.3", "model.dropout: 0.3 (was 0.2)", 1, 8),
        ("custom_hooks[0]['amount'] = 0.02", "custom_hooks[0].amount: 0.02 (was 0.01)", 1, 10),
        ("param_scheduler[0]['warmup_iters'] = 4", "param_scheduler[0].warmup_iters: 4 (was 5)", 2, 14),
    ],
)
def test_one_wrong_change_among_harmless_ones_is_singled_out(pair, tmp_path, planted, change, steps, kept):
    old, new = pair("steps", HARMLESS + planted)
    trial = partial(trained, folder=tmp_path)
    found = shrink(old, new, trial(old, new, None), trial, tmp_path / "shrunk")
    assert (found.made, found.of_changes, found.steps) == ((change,), 3, steps)
    assert trial(found.old, found.new, steps).first == found.comparison.first
    assert found.kept <= kept < found.of_keys / 2
    text = found.old.read_text()
    assert not any(key in text for key in ("evaluation", "checkpoint_config", "paramwise_cfg"))


def test_a_fault_of_the_conversion_itself_is_shrunk_to_the_keys_that_it_needs(pair, tmp_path, monkeypatch):
    module, _, path = WRAPPER.partition(":")
    monkeypatch.setattr(f"mmmigrate.runtime_v3.{module}.{path}_clip_grad", lambda self: None)
    old, new = pair("steps")
    trial = partial(trained, folder=tmp_path)
    found = shrink(old, None, trial(old, new, None), trial, tmp_path / "shrunk")
    assert (found.comparison.first.stage, found.steps, found.made) == ("clip", 1, ())
    assert "grad_clip=dict(max_norm=0.3" in found.old.read_text()
    assert "lr_config" not in found.old.read_text()
    assert found.kept < found.of_keys / 2


def test_what_does_not_diverge_is_not_shrunk(pair, tmp_path):
    old, new = pair("steps")
    with pytest.raises(ValueError, match="no divergence"):
        shrink(old, new, Comparison("bit-equal", 3), partial(trained, folder=tmp_path), tmp_path / "shrunk")


def test_the_command_says_what_is_left(pair, tmp_path):
    old, new = pair("steps", HARMLESS + "param_scheduler[0]['step'] = [2]")
    options = ["--timeline", "--iters-per-epoch", "4", "--shrink", "--work-dir", tmp_path / "run"]
    done = CliRunner().invoke(main, ["verify", *map(str, (old, new, *options, "--json", tmp_path / "v.json"))])
    assert (done.exit_code, "param_scheduler[0].step: [2] (was [2, 3])" in done.stdout) == (1, True)
    shrunk = json.loads((tmp_path / "v.json").read_text())["shrunk"]
    assert (shrunk["steps"], shrunk["changes"]) == (13, ["param_scheduler[0].step: [2] (was [2, 3])"])
