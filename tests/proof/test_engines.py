"""The two processes of a proof, and that their seeds matter."""

from dataclasses import replace

import pytest

from mmmigrate.compat.proof.engines import Run, run_pair
from mmmigrate.compat.proof.project import import_paths
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.trace import TraceReader, compare
from mmmigrate.compat.trace.format import TensorRecord


@pytest.fixture
def specs(configs, converted, tmp_path):
    def spec(generation, config):
        files = [str(tmp_path / f"{generation}{ending}") for ending in (".trace", "_work_dir")]
        paths = import_paths([configs / "x.py"])
        return EngineSpec(generation, str(config), *files, str(tmp_path / "weights.pth"), steps=2, paths=paths)

    return spec("v2", configs / "segmenter_poly.py"), spec("v3", converted("segmenter_poly"))


def test_another_seed_is_caught_as_other_data(specs):
    old, new = specs
    runs = run_pair(old, replace(new, seed=1))
    first = compare(runs[0].trace, runs[1].trace).first
    assert (first.iter, first.stage, first.name) == (0, "data", "batch")


def test_both_runs_start_from_the_old_ones_weights_whatever_the_new_ones_would_be(specs):
    old, new = specs
    runs = run_pair(replace(old, seed=3), replace(new, seed=3, steps=1))
    first = compare(runs[0].trace, runs[1].trace).first
    assert (first.iter, first.name) == (1, "iteration")


def test_the_asked_iterations_are_recorded_in_full(specs):
    old, new = specs
    run, _ = run_pair(replace(old, tensors=[1]), new)
    stored = [record for record in TraceReader(run.trace) if isinstance(record, TensorRecord)]
    tensors = [record for record in stored if record.name != "indices" or record.iteration == 1]
    assert {record.iteration for record in tensors} == {1}
    assert {"data", "gradient", "forward", "step"} == {record.stage for record in tensors}


def test_a_new_run_ends_by_itself_when_the_old_one_fails_before_it_starts(specs, tmp_path):
    old, new = specs
    runs = run_pair(replace(old, config=str(tmp_path / "absent.py")), new)
    assert [run.returncode for run in runs] == [1, 1]
    assert "absent.py" in runs[0].last_words
    assert "ended before it had initial weights" in runs[1].last_words


def test_the_error_of_a_process_is_told_and_not_that_of_its_launcher(tmp_path):
    (tmp_path / "log").write_text(
        "[rank1]: ValueError: no such rule\nE1124 api.py failed\n"
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\n"
    )
    assert Run("old", tmp_path / "trace", tmp_path / "log", 1).last_words == "ValueError: no such rule"
