"""The property: any v2 experiment, converted, trains bit for bit the same. `MMMIGRATE_DRAWN=20000` draws that many."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from proof.drawn.experiments import Experiment, experiments
from proof.drawn.training import prove, prove_config

DRAWN = int(os.environ.get("MMMIGRATE_DRAWN", "500"))
FOUND = sorted((Path(__file__).resolve().parents[2] / "fixtures/experiments/found").glob("*/config.py"))


@settings(max_examples=DRAWN, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(experiments())
def test_any_experiment_trains_bit_for_bit_the_same_when_converted(experiment: Experiment) -> None:
    outcome = prove(experiment)
    assert [comparison.verdict for comparison in outcome.comparisons] == ["bit-equal"] * len(outcome.comparisons), (
        f"{outcome.verdicts}\n{experiment.text()}\nresumed at {experiment.resume_at}, seed {experiment.seed}\n"
        f"became:\n{outcome.converted}"
    )


@pytest.mark.parametrize("config", FOUND, ids=[path.parent.name for path in FOUND])
def test_a_fault_that_was_found_stays_mended(config: Path) -> None:
    run = config.with_name("run.json")
    how = json.loads(run.read_text()) if run.exists() else {}
    outcome = prove_config(config.read_text(), **how)
    assert [comparison.verdict for comparison in outcome.comparisons] == ["bit-equal"] * len(outcome.comparisons)
