import pytest

from mmmigrate.compat.proof.predict import predict_v2, predict_v3
from mmmigrate.compat.proof.timeline import verify_timeline

LENGTH = 10


@pytest.mark.parametrize("name", ["classifier_step", "classifier_cosine", "segmenter_poly"])
@pytest.mark.parametrize("iters_per_epoch", [1, 10, 37])
def test_a_converted_config_has_the_same_timeline_whatever_the_size_of_the_data(
    configs, tmp_path, name, iters_per_epoch
):
    proof = verify_timeline(configs / f"{name}.py", iters_per_epoch=iters_per_epoch, work_dir=tmp_path)
    assert proof.comparison.verdict == "bit-equal"


@pytest.mark.parametrize(
    ("before", "after", "iteration", "name"),
    [
        ("warmup_iters=12", "warmup_iters=11", 1, "lr[0]"),
        ("step=[8, 11]", "step=[7, 11]", 70, "lr[0]"),
        ("momentum=0.9", "momentum=0.8", 0, "momentum[0]"),
        ("interval=1)", "interval=2)", 9, "epoch_1.pth"),
        ("max_epochs=12)", "max_epochs=12, val_interval=2)", 9, "metrics"),
        ("max_epochs=12)", "max_epochs=12, val_begin=3)", 9, "metrics"),
    ],
)
def test_a_timeline_that_is_off_is_caught_where_it_begins(configs, spoiled, tmp_path, before, after, iteration, name):
    new = spoiled("classifier_step", before, after)
    found = verify_timeline(
        configs / "classifier_step.py", new, iters_per_epoch=LENGTH, work_dir=tmp_path / "run"
    ).comparison
    assert (found.verdict, found.first.iter, found.first.name) == ("divergent", iteration, name)


def test_a_run_of_another_length_is_caught(configs, spoiled, tmp_path):
    new = spoiled(
        "classifier_step", "type='EpochBasedTrainLoop', max_epochs=12", "type='EpochBasedTrainLoop', max_epochs=11"
    )
    found = verify_timeline(configs / "classifier_step.py", new, iters_per_epoch=LENGTH, work_dir=tmp_path / "run")
    assert found.comparison.verdict == "divergent"
    assert found.comparison.first.iter == 110


def test_the_prediction_is_what_training_records(configs, recorded_v2):
    from mmmigrate.compat.config import Config
    from mmmigrate.compat.trace import read_curves

    curves = read_curves(recorded_v2("segmenter_poly"))
    config = Config.fromfile(str(configs / "segmenter_poly.py"), import_custom_modules=False)
    ticks = list(predict_v2(config, 12))
    assert curves.numbers["schedule", "lr[0]"][1] == [tick.rates["lr[0]"] for tick in ticks]
    evaluated = [event.iteration for event in curves.events if event.stage == "evaluation"]
    assert evaluated == [i for i, tick in enumerate(ticks) if tick.evaluates]
    saved = [event.name for event in curves.events if event.name.startswith("iter_")]
    assert saved == [tick.checkpoint for tick in ticks if tick.checkpoint]


def test_several_optimizers_have_their_own_rates(tmp_path):
    (tmp_path / "gan.py").write_text(
        "optimizer = dict(g=dict(type='Adam', lr=1.), d=dict(type='Adam', lr=2.))\ntotal_iters = 5\n"
        "lr_config = dict(policy='step', step=[3], by_epoch=False)\n"
    )
    config = {
        "optimizer": {"g": {"type": "Adam", "lr": 1.0}, "d": {"type": "Adam", "lr": 2.0}},
        "lr_config": {"policy": "step", "step": [3]},
        "total_iters": 5,
    }
    assert [tick.rates["lr[1]"] for tick in predict_v2(config, 1)] == [2.0, 2.0, 2.0, 0.2, 0.2]
    found = verify_timeline(tmp_path / "gan.py", work_dir=tmp_path / "run").comparison
    assert found.verdict == "bit-equal"


def test_an_updater_of_the_codebase_is_not_guessed(tmp_path):
    (tmp_path / "own.py").write_text(
        "optimizer = dict(type='SGD', lr=1.)\ntotal_iters = 5\nlr_config = dict(policy='Mine')\n"
    )
    found = verify_timeline(tmp_path / "own.py", work_dir=tmp_path / "run").comparison
    assert (found.verdict, found.exit_code) == ("not-compared", 2)
    assert "Mine" in found.reason


def test_v3_evaluates_after_the_last_epoch_and_v2_only_when_it_is_due():
    shared = {"optimizer": {"type": "SGD", "lr": 1.0}}
    old = {**shared, "evaluation": {"interval": 2}, "total_epochs": 3}
    new = {"optim_wrapper": shared, "train_cfg": {"by_epoch": True, "max_epochs": 3, "val_interval": 2}, "val_cfg": {}}
    assert [tick.evaluates for tick in predict_v2(old, 1)] == [False, True, False]
    assert [tick.evaluates for tick in predict_v3(new, 1)] == [False, True, True]
