import numpy as np
import pytest

from mmmigrate.compat.report.heat import MAX_COLUMNS, UNEQUAL, heat_map
from mmmigrate.compat.trace.format import Column, TensorRecord, TraceWriter

LAYERS = ("a", "b")
STEP = tuple(Column("step", name, "digest") for name in LAYERS)


def write(path, steps, wrong=None, tensors=()):
    """A trace in which layer `name` differs from iteration `wrong[name]` on."""
    with TraceWriter(path, {}) as writer:
        for i in range(steps):
            for name, value in tensors:
                data = np.array([value], np.float32).tobytes()
                writer.tensor(TensorRecord(i, "step", name, "float32", (1,), data))
            writer.row(i, STEP, [3 * i + (wrong is not None and i >= wrong[name]) for name in LAYERS])
    return path


def test_two_equal_runs_have_no_map(tmp_path):
    assert heat_map(write(tmp_path / "old", 3), write(tmp_path / "new", 3)) is None


def test_what_differs_first_comes_first(tmp_path):
    heat = heat_map(write(tmp_path / "old", 6), write(tmp_path / "new", 6, {"a": 4, "b": 2}))
    assert (heat.rows, heat.columns) == (["step: b", "step: a"], list(range(6)))
    assert heat.cells == [[0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]]


@pytest.mark.parametrize("steps", [MAX_COLUMNS, MAX_COLUMNS + 1, 5000])
def test_long_runs_share_columns_and_keep_where_it_begins(tmp_path, steps):
    heat = heat_map(write(tmp_path / "old", steps), write(tmp_path / "new", steps, {"a": steps - 1, "b": 100}))
    width = heat.columns[1]
    assert len(heat.columns) <= MAX_COLUMNS and heat.columns[-1] + width >= steps
    assert heat.cells[0].index(UNEQUAL) == 100 // width
    assert heat.cells[1] == [0] * (len(heat.columns) - 1) + [1]


def test_stored_tensors_give_distances(tmp_path):
    old = write(tmp_path / "old", 2, tensors=[("a", 1.0)])
    new = write(tmp_path / "new", 2, {"a": 0, "b": 1}, tensors=[("a", 1 + 2**-21)])
    heat = heat_map(old, new, (old, new))
    assert heat.cells == [[2 + 3, 2 + 3], [0, 1]]  # 4 ULP has three bits


def test_tensors_that_never_differ_are_only_counted(tmp_path):
    heat = heat_map(write(tmp_path / "old", 4), write(tmp_path / "new", 4, {"a": 9, "b": 2}))
    assert (heat.rows, heat.equal) == (["step: b"], 1)


def test_iterations_that_one_run_lacks_are_left_out(tmp_path):
    heat = heat_map(write(tmp_path / "old", 4), write(tmp_path / "new", 3, {"a": 2, "b": 9}))
    assert heat.cells == [[0, 0, 1]]
