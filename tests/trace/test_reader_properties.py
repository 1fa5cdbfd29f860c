"""Whatever bytes a file holds: its whole records are read exactly, or the error names the file."""

import json
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmigrate.compat.cli.main import main
from mmmigrate.compat.trace import TraceError, compare
from mmmigrate.compat.trace.chunks import EMPTY
from mmmigrate.compat.trace.format import MAGIC, Column, Event, Row, TensorRecord, TraceWriter, frame_head
from mmmigrate.compat.trace.reader import TraceReader

COLUMNS = (Column("schedule", "lr[0]", "f8"), Column("step", "optimizer.steps", "i8"), Column("step", "w", "digest"))
WORD = struct.Struct("<dqQ")
numbers = st.floats(width=64) | st.sampled_from([0.0, -0.0, 0.1])
rows = st.lists(
    st.tuples(numbers, st.integers(-(2**63), 2**63 - 1) | st.just(1), st.integers(0, 2**64 - 1) | st.just(7)),
    min_size=1,
    max_size=12,
)


def written(values, *, first=0, blocks=False, more=False):
    """The bytes of a trace with these rows."""
    with tempfile.TemporaryDirectory() as folder:
        with TraceWriter(Path(folder) / "t", {"engine": "test"}) as writer:
            if blocks:
                kinds = (np.float64, np.int64, np.uint64)
                columns = [np.array(column, kind) for column, kind in zip(zip(*values), kinds)]
                writer.block(first, COLUMNS, columns)
            for i, row in enumerate(values if not blocks else (), first):
                if more:
                    writer.tensor(TensorRecord(i, "step", "w", "float32", (2,), b"\0" * 8))
                writer.row(i, COLUMNS, row)
                if more:
                    writer.event(i, "evaluation", "metrics", {"mAP": [0.5, {"person": i}]})
        return (Path(folder) / "t").read_bytes()


def read(data):
    """All records, singly and in chunks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t"
        path.write_bytes(data)
        reader = TraceReader(path)
        chunks = list(reader.chunks())
        return list(reader), chunks, reader.truncated


def plain(records):
    """Records in a form that compares: the packers of two equal schemas are not equal."""
    return [(record.iteration, record.words) if isinstance(record, Row) else record for record in records]


def row_words(records):
    return [record.words for record in records if isinstance(record, Row)]


@settings(max_examples=60)
@given(rows, st.booleans(), st.booleans())
def test_every_bit_of_a_row_comes_back_however_it_was_written(values, blocks, more):
    records, chunks, truncated = read(written(values, blocks=blocks, more=more))
    wanted = [WORD.pack(*row) for row in values]
    assert row_words(records) == wanted and not truncated
    in_chunks = [part.row(i).words for chunk in chunks for part in chunk.parts for i in range(len(part))]
    assert in_chunks == wanted


@given(st.binary(max_size=200), st.booleans())
def test_random_bytes_are_refused(data, with_magic):
    with pytest.raises(TraceError, match="/t: "):
        read((MAGIC if with_magic else b"") + data)


@settings(max_examples=60)
@given(rows, st.data())
def test_a_file_cut_anywhere_gives_its_whole_records(values, data):
    whole = written(values, more=True)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        records, chunks, _ = read(whole[:cut])
    except TraceError:
        assert cut < 100  # not even the header is whole
        return
    complete = read(whole)[0]
    assert plain(records) == plain(complete)[: len(records)]
    iterations = [i for chunk in chunks for part in chunk.parts for i in part.iterations.tolist()]
    assert iterations == [record.iteration for record in records if isinstance(record, Row)]


@settings(max_examples=60)
@given(rows, st.data())
def test_one_wrong_bit_is_found_or_ends_the_trace_before_it(values, data):
    whole = bytearray(written(values, more=True))
    where = data.draw(st.integers(0, 8 * len(whole) - 1))
    complete = read(bytes(whole))[0]
    whole[where // 8] ^= 1 << where % 8
    try:
        records, _, truncated = read(bytes(whole))
    except TraceError:
        return
    assert truncated and plain(records) == plain(complete)[: len(records)]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([b"S", b"R", b"D", b"B", b"E", b"T", b"Z", b"?"]), st.binary(max_size=60) | json_like)
def test_a_frame_that_makes_no_sense_is_refused_and_never_ends_in_a_traceback(kind, payload):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    data = written([(0.1, 1, 2)])
    end = data.rindex(b"Z") - 8
    try:
        records, _, _ = read(data[:end] + frame_head(body, kind) + body + data[end:])
    except TraceError as error:
        assert "cannot be read" in str(error)
    else:
        assert all(isinstance(record.iteration, int) for record in records if isinstance(record, (Event, Row)))


@pytest.mark.parametrize("content", [b"", b"nonsense", MAGIC, b"MMTRACE\x01" + bytes(50), MAGIC + bytes(400)])
def test_the_command_refuses_such_a_file_by_name_with_exit_code_2(tmp_path, content):
    (tmp_path / "good").write_bytes(written([(0.1, 1, 2)]))
    (tmp_path / "bad").write_bytes(content)
    done = CliRunner().invoke(main, ["compare", str(tmp_path / "good"), str(tmp_path / "bad")])
    assert done.exit_code == 2
    assert str(tmp_path / "bad") in done.output.replace("\n", "")
    assert "Traceback" not in done.output and isinstance(done.exception, SystemExit)


def test_an_unfinished_iteration_of_a_killed_run_is_none(tmp_path):
    for name, killed in (("a", False), ("b", True)):
        writer = TraceWriter(tmp_path / name, {})
        for i in range(3):
            writer.tensor(TensorRecord(i, "data", "indices", "int64", (1,), bytes(8)))
            if i < 2 or not killed:
                writer.row(i, COLUMNS, (0.1, 1, i))
        if not killed:
            writer.close()
    found = compare(tmp_path / "a", tmp_path / "b")
    assert (found.verdict, found.steps) == ("not-compared", 2)
    assert "killed" in found.reason


def test_an_event_between_rows_stands_at_its_iteration(tmp_path):
    with TraceWriter(tmp_path / "t", {}) as writer:
        writer.event(-1, "init", "optimizer", {"type": "SGD"})
        writer.block(0, COLUMNS, [np.full(4, 0.1), np.ones(4, int), np.arange(4)])
        writer.event(2, "evaluation", "metrics", {})
        writer.event(9, "checkpoint", "last.pth", {})
    (chunk,) = TraceReader(tmp_path / "t").chunks()
    assert [(part.schema is EMPTY, part.iterations.tolist()) for part in chunk.parts] == [
        (True, [-1]),
        (False, [0, 1, 2, 3]),
        (True, [9]),
    ]
    assert sorted(chunk.beside) == [-1, 2, 9]
