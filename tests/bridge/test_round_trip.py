"""Nothing is lost: there and back gives the checkpoint as it was, whatever was in it."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmigrate.compat.checkpoint.convert import Options, convert
from mmmigrate.compat.checkpoint.patch import difference, patched, same

from .checkpoints import v2_checkpoint, v3_checkpoint

OTHER = {"v2": "v3", "v3": "v2"}
NAMES = st.text("abc._", min_size=1, max_size=5)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(), max_size=3).map(torch.tensor),
    st.lists(st.integers(0, 9), max_size=3),
    st.tuples(st.integers(0, 9), st.text(max_size=2)),
)
TREES = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=4), lambda inner: st.dictionaries(NAMES, inner, max_size=3)
)
WEIGHTS = st.dictionaries(NAMES, st.lists(st.floats(width=32), max_size=3).map(torch.tensor), min_size=1, max_size=4)


def there_and_back(checkpoint, generation, point=None):
    parts = {"checkpoint": checkpoint, **({} if point is None else {"resume_point": point})}
    there = convert(parts, "epoch_2.pth", Options(OTHER[generation], schedule=False))
    return there, convert(there.files, "another_name.pth", Options(generation)).files


def test_a_v2_checkpoint_comes_back_as_it_was():
    there, back = there_and_back(v2_checkpoint(), "v2")
    assert same(back["checkpoint"], v2_checkpoint())
    assert back["checkpoint"]["state_dict"]._metadata == v2_checkpoint()["state_dict"]._metadata
    assert "ema_state_dict" in there.files["checkpoint"]


def test_a_v3_checkpoint_comes_back_as_it_was():
    there, back = there_and_back(v3_checkpoint(), "v3")
    assert same(back["checkpoint"], v3_checkpoint())
    assert "param_schedulers" not in there.files["checkpoint"]


@settings(max_examples=60, deadline=None)
@given(meta=TREES, weights=WEIGHTS, extra=TREES)
def test_any_v2_checkpoint_comes_back(meta, weights, extra):
    old = {"meta": {"epoch": 1, "iter": 5, **meta}, "state_dict": weights, **{f"x{key}": extra[key] for key in extra}}
    _, back = there_and_back(old, "v2")
    assert same(back["checkpoint"], old)


@settings(max_examples=60, deadline=None)
@given(meta=TREES, weights=WEIGHTS, averages=WEIGHTS, info=TREES, extra=TREES)
def test_any_v3_checkpoint_comes_back(meta, weights, averages, info, extra):
    hub = {"log_scalars": {}, "runtime_info": info, "resumed_keys": dict.fromkeys(info, True)}
    trained = {f"module.{name}": value for name, value in averages.items()}
    old = {
        "meta": {"epoch": 1, "iter": 5, **meta},
        "state_dict": weights,
        "message_hub": hub,
        "ema_state_dict": trained,
    }
    old.update({f"x{key}": extra[key] for key in extra})
    _, back = there_and_back(old, "v3")
    assert same(back["checkpoint"], old)


@settings(max_examples=100, deadline=None)
@given(TREES, TREES)
def test_a_patch_makes_one_tree_of_another(have, want):
    assert same(patched(have, difference(have, want)), want)


def test_weights_alone_come_back_alone():
    weights = {"fc.weight": torch.ones(2)}
    there = convert({"checkpoint": {"state_dict": weights}}, "w.pth", Options("v3"), bare=True)
    assert "optimizer" not in there.files["checkpoint"]
    assert same(convert(there.files, "w.pth", Options("v2")).files["checkpoint"], weights)


def test_what_v2_knew_survives_training_in_v3():
    there, _ = there_and_back(v2_checkpoint(meta={"hook_msgs": {"mine": 7}}), "v2")
    trained = {key: value for key, value in there.files["checkpoint"].items() if key != "mmmigrate"}
    meta = convert({"checkpoint": trained}, "epoch_3.pth", Options("v2")).files["checkpoint"]["meta"]
    assert (meta["env_info"], meta["CLASSES"], meta["hook_msgs"]["mine"]) == ("Python: 3.9", ("cat", "dog"), 7)
