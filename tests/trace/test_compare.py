import math

import numpy as np
import pytest

from mmmigrate.compat.trace.compare import compare
from mmmigrate.compat.trace.format import Column, TensorRecord, TraceWriter

LR, LOSS = Column("schedule", "lr[0]", "f8"), Column("loss", "loss", "f4")
BATCH, WEIGHT = Column("data", "batch", "digest"), Column("step", "head.weight", "digest")
NORM = Column("gradient", "norm", "f4")
COLUMNS = (LR, BATCH, LOSS, NORM, WEIGHT)


@pytest.fixture
def record(tmp_path):
    """Writes a trace of ten iterations; `change` maps an iteration to {column: value}, None leaves the column out."""

    def write(name, change=(), *, iterations=range(10), events=(), tensors=(), status="complete", init=None):
        changes = dict(change)
        with TraceWriter(tmp_path / name, {}) as writer:
            if init is not None:
                writer.event(-1, "init", "optimizer", init)
            for i in iterations:
                values = {"lr[0]": 0.1, "batch": i, "loss": 1 / (i + 1), "norm": 1.0, "head.weight": 7 * i}
                values.update(changes.get(i, {}))
                kept = tuple(column for column in COLUMNS if values[column.name] is not None)
                for event in events:
                    if event[0] == i:
                        writer.event(*event)
                for tensor in tensors:
                    if tensor.iteration == i:
                        writer.tensor(tensor)
                writer.row(i, kept, [values[column.name] for column in kept])
            writer.close(status, "told so")
        return tmp_path / name

    return write


def tensor(value, *, iteration=4, shape=(2,), dtype="float32"):
    return TensorRecord(iteration, "step", "head.weight", dtype, shape, np.array(value, dtype).tobytes())


def test_equal_traces_are_bit_equal(record):
    found = compare(record("a"), record("b"))
    assert (found.verdict, found.steps, found.first, found.exit_code) == ("bit-equal", 10, None, 0)


def test_the_first_divergence_is_named_with_its_distance(record):
    found = compare(record("a"), record("b", {4: {"lr[0]": math.nextafter(0.1, 1)}, 5: {"lr[0]": 0.3}}))
    first = found.first
    assert (found.verdict, found.exit_code) == ("divergent", 1)
    assert (first.iter, first.stage, first.name, first.old, first.distance.ulp) == (4, "schedule", "lr[0]", 0.1, 1)
    assert found.largest.abs == pytest.approx(0.2)


def test_within_an_iteration_the_cause_comes_before_its_effects(record):
    found = compare(record("a"), record("b", {6: {"head.weight": 1, "loss": 2.0, "norm": 3.0, "batch": 9}}))
    assert (found.first.iter, found.first.stage) == (6, "data")


def test_a_difference_inside_the_tolerance_is_its_own_verdict(record):
    old, new = record("a"), record("b", {3: {"lr[0]": math.nextafter(0.1, 1)}})
    assert compare(old, new, ulp=1).verdict == "within-ulp"
    assert compare(old, new, ulp=0).verdict == "divergent"


def test_losses_are_counted_in_float32_ulp(record):
    off = float(np.nextafter(np.float32(0.5), np.float32(1)))
    assert compare(record("a"), record("b", {1: {"loss": off}}), ulp=1).verdict == "within-ulp"


def test_digests_alone_are_never_within_a_tolerance(record):
    found = compare(record("a"), record("b", {4: {"head.weight": 1}}), ulp=10**6)
    assert (found.verdict, found.first.digest_only, found.first.name) == ("divergent", True, "head.weight")


def test_full_tensors_name_the_element(record):
    old = record("a", tensors=[tensor([1.0, 2.0])])
    found = compare(old, record("b", {4: {"head.weight": 1}}, tensors=[tensor([1.0, 2.5])]))
    assert (found.first.index, found.first.old, found.first.new) == ((1,), 2.0, 2.5)


def test_tensors_of_another_shape_differ_by_their_shape(record):
    old = record("a", tensors=[tensor([1.0, 2.0])])
    found = compare(old, record("b", {4: {"head.weight": 1}}, tensors=[tensor([[1.0, 2.0]], shape=(1, 2))]))
    assert (found.first.old, found.first.new) == ("float32[2]", "float32[1, 2]")


@pytest.mark.parametrize(("run", "at"), [(range(9), 9), ([0, 1, 2, 4, 5, 6, 7, 8, 9], 3), (range(12), 10)])
def test_a_missing_or_extra_iteration_is_a_divergence(record, run, at):
    found = compare(record("a"), record("b", iterations=run))
    assert (found.verdict, found.first.iter, found.first.name) == ("divergent", at, "iteration")
    assert sorted([found.first.old, found.first.new], key=str) == [None, "run"]


@pytest.mark.parametrize("status", ["failed", "killed"])
def test_a_run_that_broke_off_could_not_be_compared(record, status):
    found = compare(record("a"), record("b", iterations=range(5), status=status))
    assert (found.verdict, found.exit_code, found.steps) == ("not-compared", 2, 5)
    assert "the new run ended after 5 iterations" in found.reason


def test_a_divergence_before_the_break_still_counts(record):
    found = compare(record("a"), record("b", {2: {"loss": 9.0}}, iterations=range(5), status="failed"))
    assert (found.verdict, found.first.iter) == ("divergent", 2)


def test_nan_in_one_run_only_is_a_divergence(record):
    found = compare(record("a"), record("b", {5: {"loss": math.nan}}))
    assert (found.verdict, found.first.iter, found.first.name) == ("divergent", 5, "loss")
    assert found.as_json()["first_divergence"]["new"] == "nan"


def test_nan_against_nan_is_no_proof_of_equality(record):
    broken = {i: {"loss": math.nan} for i in range(5, 10)}
    found = compare(record("a", broken), record("b", broken))
    assert (found.verdict, found.steps, found.exit_code) == ("not-compared", 5, 2)
    assert "NaN from iteration 5" in found.reason


def test_a_quantity_that_one_run_lacks_is_a_divergence(record):
    found = compare(record("a"), record("b", {3: {"head.weight": None}}))
    assert (found.verdict, found.first.iter, found.first.new) == ("divergent", 3, None)


def test_signed_zeros_are_not_rounded_away(record):
    found = compare(record("a", {2: {"lr[0]": 0.0}}), record("b", {2: {"lr[0]": -0.0}}))
    assert (found.verdict, found.first.iter, found.first.distance.ulp) == ("within-ulp", 2, 0)


@pytest.mark.parametrize(
    ("events", "stage", "name"),
    [
        ([(4, "evaluation", "metrics", {"mIoU": 0.5000001})], "evaluation", "mIoU"),
        ([(4, "evaluation", "metrics", {"acc": 0.5})], "evaluation", "mIoU"),
        ([], "evaluation", "metrics"),
    ],
)
def test_evaluations_are_compared_exactly(record, events, stage, name):
    old = record("a", events=[(4, "evaluation", "metrics", {"mIoU": 0.5})])
    found = compare(old, record("b", events=events))
    assert (found.verdict, found.first.iter, found.first.stage, found.first.name) == ("divergent", 4, stage, name)


def test_evaluation_and_checkpoint_may_come_in_either_order(record):
    best, metrics = (4, "checkpoint", "epoch_1.pth", {}), (4, "evaluation", "metrics", {"mIoU": math.nan})
    assert compare(record("a", events=[best, metrics]), record("b", events=[metrics, best])).verdict == "bit-equal"


def test_a_checkpoint_of_another_name_is_a_divergence(record):
    old = record("a", events=[(9, "checkpoint", "epoch_1.pth", {})])
    found = compare(old, record("b", events=[(9, "checkpoint", "iter_10.pth", {})]))
    assert (found.verdict, found.first.stage, found.first.name) == ("divergent", "checkpoint", "epoch_1.pth")


def test_a_checkpoint_written_again_at_once_counts_once(record):
    saved = (9, "checkpoint", "epoch_1.pth", {})
    assert compare(record("a", events=[saved]), record("b", events=[saved, saved])).verdict == "bit-equal"


def test_options_of_the_optimizer_are_compared_before_anything_runs(record):
    old = record("a", init={"group[0].nesterov": False})
    found = compare(old, record("b", init={"group[0].nesterov": True}))
    assert (found.first.iter, found.first.stage, found.first.name) == (-1, "init", "group[0].nesterov")


def test_another_state_of_the_random_generator_alone_is_a_note(tmp_path):
    for name, state in (("a", 1), ("b", 2)):
        with TraceWriter(tmp_path / name, {}) as writer:
            writer.row(0, (Column("data", "rng.torch", "digest"), LOSS), [state, 0.5])
    found = compare(tmp_path / "a", tmp_path / "b")
    assert found.verdict == "bit-equal"
    assert found.notes == ("the state of the generator torch differs, first at iteration 0",)


def test_traces_without_an_iteration_prove_nothing(record):
    assert compare(record("a", iterations=[]), record("b", iterations=[])).verdict == "not-compared"


def test_the_document_has_the_keys_that_were_promised(record):
    document = compare(record("a"), record("b", {4: {"lr[0]": 0.2}})).as_json()
    assert {"version", "verdict", "steps", "max", "first_divergence"} <= document.keys()
    wanted = {"iter", "stage", "name", "index", "old", "new", "abs", "rel", "ulp", "rule"}
    assert document["first_divergence"].keys() == wanted
    assert document["max"].keys() == {"abs", "rel", "ulp"}


def test_the_rule_to_look_at_is_the_one_of_the_quantity(record):
    assert "lr_config" in compare(record("a"), record("b", {4: {"lr[0]": 0.2}})).first.rule
    assert "sampler" in compare(record("a"), record("b", {4: {"batch": 99}})).first.rule


def test_a_nested_result_is_named_by_its_path_and_measured(record):
    def results(value, count=2):
        return [(4, "evaluation", "metrics", {"classwise": {"person": [0.5, value]}, "n": count})]

    old = record("a", events=results(0.25))
    first = compare(old, record("b", events=results(math.nextafter(0.25, 1)))).first
    assert (first.name, first.old, first.distance.ulp) == ("classwise.person[1]", 0.25, 1)
    assert compare(old, record("b", events=results(0.25, 2.0))).verdict == "bit-equal"
    assert compare(old, record("b", events=results(0.25, True))).first.name == "n"
    assert compare(old, record("b", events=results(0.25, None))).first.new is None


def test_a_result_that_is_nan_in_both_is_the_same(record):
    nan = [(4, "evaluation", "metrics", {"ap": [math.nan, 1.0]})]
    assert compare(record("a", events=nan), record("b", events=nan)).verdict == "bit-equal"
    other = [(4, "evaluation", "metrics", {"ap": [math.nan, 2.0]})]
    assert compare(record("a", events=nan), record("b", events=other)).first.name == "ap[1]"


def test_parameters_in_another_group_are_named(record):
    old = record("a", init={"group[0].params": ["a", "b"], "group[1].params": ["c"]})
    first = compare(old, record("b", init={"group[0].params": ["a"], "group[1].params": ["c", "b"]})).first
    assert (first.stage, first.name, first.old, first.new) == ("init", "group[0].params[1]", "b", None)


def test_a_checkpoint_of_another_content_is_named(record):
    old = record("a", events=[(9, "checkpoint", "epoch_1.pth", {"weights": "00"})])
    first = compare(old, record("b", events=[(9, "checkpoint", "epoch_1.pth", {"weights": "01"})])).first
    assert (first.stage, first.name, first.old, first.new) == ("checkpoint", "epoch_1.pth: weights", "00", "01")


def test_runs_on_other_versions_say_so(tmp_path):
    for name, version in (("a", "2.1"), ("b", "2.2")):
        with TraceWriter(tmp_path / name, {"engine": name, "torch": version}) as writer:
            writer.row(0, (LOSS,), [0.5])
    assert compare(tmp_path / "a", tmp_path / "b").notes == ("the runs differ in torch: 2.1 (old), 2.2 (new)",)


@pytest.mark.parametrize(
    ("dtype", "old", "new", "ulp"),
    [("float16", [1.0], [1 + 2**-10], 1), ("int64", [2**60], [2**60 + 1], 1), ("bool", [True], [False], 1),
     ("complex64", [1 + 1j], [1 + 2j], 2**23), ("uint8", [0], [255], 255), ("float32", [math.inf], [1.0], None)],
)  # fmt: skip
def test_the_ulp_of_a_tensor_is_that_of_its_type(record, dtype, old, new, ulp):
    traces = [record("a", tensors=[tensor(old, shape=(1,), dtype=dtype)])]
    traces.append(record("b", {4: {"head.weight": 1}}, tensors=[tensor(new, shape=(1,), dtype=dtype)]))
    first = compare(*traces).first
    assert first.index[0] == 0 and (first.distance.ulp == ulp if ulp else first.distance.abs == math.inf)


def test_the_ulp_of_bfloat16_is_its_own(record):
    def kept(bits):
        return TensorRecord(4, "step", "head.weight", "bfloat16", (1,), np.array([bits], np.uint16).tobytes())

    old = record("a", tensors=[kept(0x3F80)])
    first = compare(old, record("b", {4: {"head.weight": 1}}, tensors=[kept(0x3F81)])).first
    assert (first.old, first.new, first.distance.ulp) == (1.0, 1.0078125, 1)


@pytest.mark.parametrize("kind", ["f2", "b2"])
def test_a_loss_in_half_precision_is_counted_in_its_own_ulp(tmp_path, kind):
    step = {"f2": 2**-10, "b2": 2**-7}[kind]
    for name, value in (("a", 1.0), ("b", 1.0 + step)):
        with TraceWriter(tmp_path / name, {}) as writer:
            writer.row(0, (Column("loss", "loss", kind),), [value])
            writer.row(1, (Column("loss", "loss", kind),), [value])
    found = compare(tmp_path / "a", tmp_path / "b", ulp=1)
    assert (found.verdict, found.first.distance.ulp, found.largest.ulp) == ("within-ulp", 1, 1)


def test_an_empty_tensor_equals_an_empty_tensor(record):
    empty = tensor([], shape=(0, 3))
    other = record("b", {4: {"head.weight": 1}}, tensors=[tensor([], shape=(0, 2))])
    assert compare(record("a", tensors=[empty]), other).first.new == "float32[0, 2]"


def test_the_largest_distance_is_that_of_all_rows(record):
    changes = {i: {"loss": 1 / (i + 1) + i * 1e-3, "head.weight": 1} for i in range(2, 9)}
    found = compare(record("a"), record("b", changes))
    assert found.first.iter == 2 and found.largest.abs == pytest.approx(8e-3)


def test_long_traces_are_compared_across_the_borders_of_chunks(tmp_path):
    for name, wrong in (("a", None), ("b", 2500)):
        with TraceWriter(tmp_path / name, {}) as writer:
            for i in range(3000):
                columns = COLUMNS if i % 1000 or name == "a" else (*COLUMNS, Column("loss", "extra", "f8"))
                digest = i if i != wrong else 0
                writer.row(i, columns, [0.1, digest, 0.5, 1.0, i, *([1.0] if len(columns) > 5 else [])])
    found = compare(tmp_path / "a", tmp_path / "b")
    assert (found.first.iter, found.first.name, found.steps) == (2500, "batch", 3000)
    assert found.notes == ("loss: extra is recorded in the new run only, first at iteration 0",)
