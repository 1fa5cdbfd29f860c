import os

import pytest

from mmmigrate.compat.trace.format import Column, Event, Row, TensorRecord, TraceError, TraceWriter
from mmmigrate.compat.trace.reader import TraceReader, read_curves

COLUMNS = (Column("step", "weight", "digest"), Column("loss", "loss", "f4"), Column("schedule", "lr[0]", "f8"))


def write(path, rows=3, close=True):
    writer = TraceWriter(path, {"engine": "test"})
    for i in range(rows):
        writer.row(i, COLUMNS, [2**64 - 1 - i, 0.5 + i, 1 / 3])
    writer.event(rows - 1, "evaluation", "metrics", {"mIoU": 0.1})
    if close:
        writer.close()
    return path


def test_every_number_comes_back_exactly(tmp_path):
    rows = [record for record in TraceReader(write(tmp_path / "t")) if isinstance(record, Row)]
    assert [row.values() for row in rows] == [(1 / 3, 0.5 + i, 2**64 - 1 - i) for i in range(3)]


def test_columns_lie_in_causal_order_whatever_the_order_they_were_given_in(tmp_path):
    row = next(iter(TraceReader(write(tmp_path / "t"))))
    assert [column.stage for column in row.schema.columns] == ["schedule", "loss", "step"]


def test_a_schema_is_written_once_however_many_rows_use_it(tmp_path):
    few, many = write(tmp_path / "few", rows=1), write(tmp_path / "many", rows=101)
    assert (many.stat().st_size - few.stat().st_size) // 100 <= 11 + 12 + 8 * len(COLUMNS)


def test_records_are_readable_while_the_run_goes_on(tmp_path):
    records = list(TraceReader(write(tmp_path / "t", close=False)))
    assert [type(record) for record in records] == [Row, Row, Row, Event]


@pytest.mark.parametrize("lost", [1, 8, 20])
def test_a_run_killed_while_writing_keeps_all_whole_records(tmp_path, lost):
    path = write(tmp_path / "t", close=False)
    os.truncate(path, path.stat().st_size - lost)
    reader = TraceReader(path)
    assert [record.iteration for record in reader] == [0, 1, 2]
    assert reader.truncated


def test_damage_in_the_middle_is_an_error_that_says_where(tmp_path):
    path = write(tmp_path / "t")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(TraceError, match="damaged near byte"):
        list(TraceReader(path))


def test_another_file_is_refused_by_name(tmp_path):
    (tmp_path / "notes.txt").write_text("not a trace at all")
    with pytest.raises(TraceError, match=r"notes\.txt: not a trace"):
        TraceReader(tmp_path / "notes.txt")


def test_a_newer_version_is_refused_with_what_to_do(tmp_path):
    path = write(tmp_path / "t")
    path.write_bytes(b"MMTRACE\x63" + path.read_bytes()[8:])
    with pytest.raises(TraceError, match=r"version 99.*update"):
        TraceReader(tmp_path / "t")


def test_full_tensors_come_back(tmp_path):
    record = TensorRecord(4, "step", "head.weight", "float32", (1, 2), b"\x00\x00\x80?\x00\x00\x00@")
    with TraceWriter(tmp_path / "t", {}) as writer:
        writer.tensor(record)
    assert next(iter(TraceReader(tmp_path / "t"))) == record


def test_a_failed_run_says_so_at_its_end(tmp_path):
    with pytest.raises(RuntimeError), TraceWriter(tmp_path / "t", {}):
        raise RuntimeError("out of memory")
    end = list(TraceReader(tmp_path / "t"))[-1]
    assert (end.status, end.detail) == ("failed", "RuntimeError('out of memory')")


def test_curves_hold_numbers_by_iteration_and_no_digests(tmp_path):
    curves = read_curves(write(tmp_path / "t"))
    assert curves.numbers == {
        ("schedule", "lr[0]"): ([0, 1, 2], [1 / 3] * 3),
        ("loss", "loss"): ([0, 1, 2], [0.5, 1.5, 2.5]),
    }
    assert curves.iterations == 3
