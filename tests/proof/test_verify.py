import shutil

import pytest

from mmmigrate.compat.proof.verify import verify
from mmmigrate.compat.trace import compare

STOCK_WARMUP_AS_IN_THE_GUIDES = """param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=12),
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=12, milestones=[8, 11], gamma=0.1),
]
"""


@pytest.mark.parametrize(
    ("name", "steps"), [("classifier_step", 120), ("classifier_cosine", 80), ("segmenter_poly", 120)]
)
def test_a_converted_experiment_trains_bit_for_bit_the_same(configs, tmp_path, name, steps):
    proof = verify(configs / f"{name}.py", work_dir=tmp_path)
    assert str(proof.comparison) == f"bit-equal over {steps} iterations"
    assert proof.comparison.notes == ()


def test_a_warm_up_that_ends_one_iteration_early_is_caught_and_named(configs, spoiled, tmp_path):
    new = spoiled("classifier_step", "warmup_iters=12", "warmup_iters=11")
    found = verify(configs / "classifier_step.py", new, steps=14, work_dir=tmp_path / "run").comparison
    assert (found.verdict, found.exit_code) == ("divergent", 1)
    # the first rate is lr * ratio whatever the length of the warm-up: the second is the first that can differ
    assert (found.first.iter, found.first.stage, found.first.name) == (1, "schedule", "lr[0]")
    assert (found.first.old, found.first.new) == (0.008425000000000005, 0.00918181818181818)
    assert "warm-up" in found.first.rule


def test_the_schedule_that_migration_guides_give_is_caught(configs, converted, tmp_path):
    new = tmp_path / "by_hand.py"
    new.write_text(f"_base_ = {str(converted('classifier_step'))!r}\n{STOCK_WARMUP_AS_IN_THE_GUIDES}")
    found = verify(configs / "classifier_step.py", new, steps=14, work_dir=tmp_path / "run").comparison
    # the recurrence is off by rounding from the first rate on, and by the early end of the warm-up after that
    assert (found.verdict, found.first.iter, found.first.name) == ("divergent", 0, "lr[0]")
    assert found.first.distance.rel < 1e-12
    assert found.largest.rel > 1e-3


@pytest.mark.parametrize(
    ("before", "after", "iteration", "stage", "name"),
    [
        ("weight_decay=0.0001", "weight_decay=0.001", 0, "schedule", "weight_decay[0]"),
        ("momentum=0.9,", "momentum=0.9, nesterov=True,", -1, "init", "group[0].nesterov"),
        ("max_norm=0.5", "max_norm=0.4", 0, "clip", "norm"),
        ("batch_size=20", "batch_size=19", 0, "data", "batch"),
        ("prob=0.5", "prob=0.6", 0, "data", "batch"),
        ("dropout=0.1", "dropout=0.2", 0, "loss", "loss"),
        ("iters=5", "iters=4", 4, "gradient", "head.bias"),
        ("type='OptimWrapper',", "type='OptimWrapper', accumulative_counts=2,", 0, "gradient", "norm"),
    ],
)
def test_a_wrong_conversion_is_caught_where_it_first_shows(
    recorded_v2, train_new, spoiled, before, after, iteration, stage, name
):
    old = recorded_v2("classifier_step", steps=6)
    found = compare(old, train_new(spoiled("classifier_step", before, after), like=old, steps=6))
    first = found.first
    assert (found.verdict, first.iter, first.stage, first.name) == ("divergent", iteration, stage, name)


def test_a_run_that_is_one_iteration_short_is_caught(recorded_v2, train_new, spoiled):
    old = recorded_v2("segmenter_poly")
    length = "type='IterBasedTrainLoop',\n    max_iters="
    new = spoiled("segmenter_poly", f"{length}max_iters", f"{length}119")
    found = compare(old, train_new(new, like=old))
    assert (found.verdict, found.first.iter, found.first.stage) == ("divergent", 118, "evaluation")


def test_training_that_breaks_down_the_same_way_in_both_is_not_called_equal(configs, tmp_path):
    project = shutil.copytree(configs.parent, tmp_path / "project")
    old = project / "configs/explodes.py"
    old.write_text(
        "_base_ = './classifier_step.py'\n"
        "optimizer = dict(lr=1e30)\noptimizer_config = dict(grad_clip=None)\ncustom_hooks = []\n"
    )
    found = verify(old, steps=12, work_dir=tmp_path / "run").comparison
    assert (found.verdict, found.exit_code) == ("not-compared", 2)
    assert "the loss of both runs is NaN" in found.reason


def test_a_config_that_cannot_train_is_reported_with_its_error(configs, spoiled, tmp_path):
    new = spoiled("classifier_step", "type='ShapeClassifier'", "type='ShapeClasifier'")
    found = verify(configs / "classifier_step.py", new, steps=2, work_dir=tmp_path / "run").comparison
    assert (found.verdict, found.exit_code) == ("not-compared", 2)
    assert "the new run failed: KeyError" in found.reason
    assert "ShapeClasifier" in found.reason


def test_two_models_that_cannot_start_alike_are_reported(configs, spoiled, tmp_path):
    new = spoiled("classifier_step", "channels=(8, 16, 24)", "channels=(8, 12, 24)")
    found = verify(configs / "classifier_step.py", new, steps=2, work_dir=tmp_path / "run").comparison
    assert found.verdict == "not-compared"
    assert "backbone.stages.1.0.weight" in found.reason
