"""The recorder sees the same in both runtimes, in real mmcv and in real mmengine."""

import pytest
from proof.four_engines import ENGINES, train_everywhere

from mmmigrate.compat.proof.project import import_paths
from mmmigrate.compat.trace.format import Event, Row
from mmmigrate.compat.trace.reader import TraceReader

NAME = "classifier_phases"  # averaged weights, accumulation, validation phases, momentum in a cycle
DATA = {"batch", "indices", "rng.torch", "rng.numpy", "rng.python"}
RATES = {"lr[0]", "momentum[0]", "weight_decay[0]"}


@pytest.fixture(scope="module")
def recorded(peer_v2, peer_v3, configs, converted, tmp_path_factory):
    """What each engine recorded of the same experiment."""
    folder = tmp_path_factory.mktemp("engines")
    pairs = {NAME: (configs / f"{NAME}.py", converted(NAME))}
    train_everywhere(folder, pairs, (peer_v2, peer_v3), paths=import_paths([configs / "x.py"]))
    return {engine: list(TraceReader(folder / NAME / f"{engine}.trace")) for engine in ENGINES}


def names(records, stage):
    rows = [record for record in records if isinstance(record, Row) and record.iteration >= 0]
    return {column.name for row in rows for column in row.schema.columns if column.stage == stage}


def events(records, stage):
    return [record for record in records if isinstance(record, Event) and record.stage == stage]


@pytest.mark.peer
@pytest.mark.parametrize("engine", ["mmcv", "mmengine"])
def test_every_kind_of_thing_is_recorded_there_as_well(recorded, engine):
    here, ours = recorded[engine], recorded["runtime_v2"]
    assert names(here, "data") == DATA
    assert names(here, "schedule") == RATES
    assert "norm" in names(here, "gradient") & names(here, "clip")
    for stage in ("gradient", "clip", "step", "forward", "ema", "loss"):
        assert names(here, stage) == names(ours, stage) != set()
    assert any(name.endswith("/momentum_buffer") for name in names(here, "step"))


@pytest.mark.peer
@pytest.mark.parametrize("engine", ["mmcv", "mmengine"])
def test_evaluations_and_checkpoints_have_their_content(recorded, engine):
    here, ours = recorded[engine], recorded["runtime_v2"]
    results = [(event.iteration, event.values) for event in events(here, "evaluation")]
    assert results == [(event.iteration, event.values) for event in events(ours, "evaluation")] != []
    saved = {event.name: event.values["weights"] for event in events(here, "checkpoint")}
    assert saved == {event.name: event.values["weights"] for event in events(ours, "checkpoint")}
    assert events(here, "init")[0].values["type"] == "SGD"


@pytest.mark.peer
@pytest.mark.parametrize(
    ("engine", "stage", "order"),
    [
        ("mmcv", "after_train_iter", ["GradientCumulativeOptimizerHook", "EMAHook", "Recorder"]),
        ("mmengine", "after_train_iter", ["V2EMAHook", "ParamSchedulerHook", "Recorder"]),
    ],
)
def test_the_order_of_the_hooks_is_that_of_the_engine(recorded, engine, stage, order):
    called = dict(events(recorded[engine], "hooks")[0].values["calls"])
    assert [hook for hook in called[stage] if hook in order] == order
