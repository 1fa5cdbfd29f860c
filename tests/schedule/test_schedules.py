"""Schedules against numbers worked out by hand, and what is refused."""

import math
import subprocess
import sys

import pytest

from mmmigrate.compat.schedule import Plan, RunLength, ScheduleError, warmup_factor

EPOCH_RUN = RunLength("epoch", max_epochs=4, iters_per_epoch=10)
ITER_RUN = RunLength("iter", max_iters=40)


def value(config, iteration, run=ITER_RUN, base=1.0, quantity="lr"):
    plan = Plan.from_config(config, run, quantity)
    return plan.values(plan.policy.bases([base], "SGD"), iteration)[0]


def test_step_counts_the_milestones_that_lie_behind():
    config = {"policy": "step", "step": [1, 3]}
    assert [value(config, i, EPOCH_RUN) for i in (0, 9, 10, 29)] == [1.0, 1.0, 0.1, 0.1]
    assert value(config, 30, EPOCH_RUN) == pytest.approx(0.01)


def test_poly_reaches_its_floor_one_step_after_the_run():
    config = {"policy": "poly", "power": 2.0, "min_lr": 0.2}
    assert value(config, 20) == pytest.approx(0.8 * 0.25 + 0.2)
    assert value(config, 39) > 0.2


def test_cosine_is_halfway_at_half_time():
    assert value({"policy": "CosineAnnealing", "min_lr": 0.0}, 20) == pytest.approx(0.5)


def test_one_cycle_starts_at_the_peak_over_div_factor_whatever_the_optimizer_says():
    assert value({"policy": "OneCycle", "max_lr": 1.0}, 0, base=123.0) == pytest.approx(1 / 25)


def test_warm_up_holds_for_exactly_its_iterations():
    config = {"policy": "fixed", "warmup": "constant", "warmup_iters": 5, "warmup_ratio": 0.25}
    assert [value(config, i) for i in range(7)] == [0.25] * 5 + [1.0] * 2


def test_momentum_warm_up_divides():
    config = {
        "policy": "LinearAnnealing",
        "min_momentum": 0.9,
        "warmup": "constant",
        "warmup_iters": 5,
        "by_epoch": False,
    }
    assert value(config, 0, base=0.9, quantity="momentum") == pytest.approx(0.9 / 0.9)


def test_warm_up_by_epoch_counts_epochs():
    config = {
        "policy": "fixed",
        "warmup": "linear",
        "warmup_iters": 2,
        "warmup_ratio": 0.5,
        "warmup_by_epoch": True,
    }
    assert value(config, 10, EPOCH_RUN) == pytest.approx(0.75)
    assert value(config, 20, EPOCH_RUN) == 1.0


def test_exponential_warm_up_starts_at_its_ratio():
    assert warmup_factor("exp", 0, 8, 0.01) == pytest.approx(0.01)
    assert warmup_factor("exp", 4, 8, 0.01) == pytest.approx(0.1)


def test_an_iteration_runner_counts_iterations_unless_told_otherwise():
    assert value({"policy": "step", "step": [3]}, 3) == pytest.approx(0.1)
    assert value({"policy": "step", "step": [3], "by_epoch": True}, 39) == 1.0


def test_restart_begins_again_at_its_weight():
    config = {"policy": "CosineRestart", "periods": [10, 30], "restart_weights": [1, 0.5], "min_lr": 0.0}
    assert value(config, 10) == pytest.approx(0.5)


def test_cyclic_peaks_where_the_rise_ends():
    config = {"policy": "cyclic", "target_ratio": (10, 0.1), "step_ratio_up": 0.5}
    assert value(config, 20) == pytest.approx(10.0)
    assert value(config, 10) == pytest.approx(1 + 9 * (1 - math.cos(math.pi / 2)) / 2)


def test_yolox_warms_up_quadratically_and_ends_flat():
    config = {
        "policy": "YOLOX",
        "min_lr_ratio": 0.05,
        "num_last_epochs": 1,
        "by_epoch": False,
        "warmup": "exp",
        "warmup_iters": 1,
        "warmup_by_epoch": True,
        "warmup_ratio": 1,
    }
    assert value(config, 4, EPOCH_RUN) == pytest.approx(0.25)
    assert value(config, 19, EPOCH_RUN) == pytest.approx(0.05 + 0.95 * 0.5)
    assert [value(config, i, EPOCH_RUN) for i in (29, 39)] == [0.05, 0.05]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"policy": "setp", "step": 3}, "did you mean 'Step'"),
        ({"policy": "onecycle", "max_lr": 1}, "did you mean 'OneCycle'"),
        ({"policy": "step", "stpe": 3}, "did you mean 'step'"),
        ({"policy": "CosineAnnealing", "min_lr": 0, "step": [3]}, "no argument 'step'"),
        ({"policy": "CosineAnnealing"}, "exactly one"),
        ({"policy": "CosineAnnealing", "floor": 0.1}, "no argument 'floor'"),
        ({"policy": "step"}, "missing"),
        ({"policy": "step", "step": [0]}, "positive"),
        ({"policy": "fixed", "warmup": "cosine", "warmup_iters": 3}, "cosine"),
        ({"policy": "fixed", "warmup": "linear"}, "warmup_iters"),
        ({"policy": "cyclic", "by_epoch": True}, "by_epoch"),
        ({"policy": "OneCycle", "max_lr": 1.0, "total_steps": 5}, "total_steps"),
        ({"policy": "fixed", "warmup": "linear", "warmup_iters": 1, "warmup_by_epoch": True}, "warmup_by_epoch"),
        ({"step": 3}, "policy"),
    ],
)
def test_what_mmcv_would_refuse_is_refused_with_a_name_or_a_reason(config, message):
    with pytest.raises(ScheduleError, match=message):
        value(config, 0)


def test_a_rate_that_needs_the_length_of_an_epoch_says_so():
    with pytest.raises(ScheduleError, match="iters_per_epoch"):
        value({"policy": "poly", "by_epoch": False}, 0, RunLength("epoch", max_epochs=3))


def test_schedules_do_not_import_torch():
    code = "import sys, mmmigrate.compat.schedule; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
