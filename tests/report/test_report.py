import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from mmmigrate.compat.report.files import FilePair
from mmmigrate.compat.report.sides import side_by_side
from mmmigrate.compat.report.write import report_html, write_report
from mmmigrate.compat.trace.compare import compare
from mmmigrate.compat.trace.format import Column, TraceWriter

COLUMNS = (Column("schedule", "lr[0]", "f8"), Column("loss", "loss", "f4"), Column("gradient", "norm", "f4"))
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """Ids, text by tag, tags in order and every attribute that could load something."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.tags, self.loads, self.said, self._open = [], [], [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "srcset", "action") and not value.startswith("#"):
                self.loads.append(value)
            assert not name.startswith("on"), f"a handler in the markup: {name}={value}"

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        for tag in set(self._open):
            self.said[tag] = self.said.get(tag, "") + data


@pytest.fixture
def page(tmp_path):
    """The page for two traces of which the new one has `changes` (iteration to loss), with `pairs` of configs."""

    def make(changes=(), pairs=(), subject="old.py → new.py", rows=20, engine="test", metric="mIoU"):
        for name, changed in (("a", {}), ("b", dict(changes))):
            with TraceWriter(tmp_path / name, {"engine": engine}) as writer:
                for i in range(rows):
                    writer.row(i, COLUMNS, [0.1, changed.get(i, 1 / (i + 1)), 2.0])
                writer.event(rows - 1, "evaluation", "metrics", {metric: 40.5})
                writer.event(rows - 1, "checkpoint", "epoch_1.pth", {})
        traces = tmp_path / "a", tmp_path / "b"
        return report_html(compare(*traces), traces, list(pairs), subject)

    return make


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL).group(1))


def test_equal_runs_say_so_and_show_no_divergence(page):
    shown = Page(page())
    assert "Training is bit-equal" in shown.said["h1"]
    assert "All 20 iterations agree in every bit" in shown.said["header"]
    assert "first" not in shown.ids
    assert shown.said["main"].count("is exactly 0 at every iteration.") == 3


def test_the_first_divergence_is_shown_with_its_numbers(page):
    shown = Page(page({7: 0.5}))
    assert "Training diverges" in shown.said["h1"]
    facts = shown.said["dl"]
    assert all(word in facts for word in ("7", "loss", "0.125", "0.5", "ULP"))


def test_the_page_needs_no_network(page):
    shown = Page(page())
    assert shown.loads == []
    assert "link" not in shown.tags
    assert "default-src 'none'" in page()


def test_the_curves_carry_both_runs_and_their_difference(page):
    data = data_of(page({7: 0.5}))
    loss = data["charts"][0]
    assert (loss["title"], loss["old"][7], loss["new"][7], loss["diff"][7]) == ("Loss", 0.125, 0.5, 0.375)
    assert loss["diff"][6] is None
    assert data["first"] == 7
    assert [chart["title"] for chart in data["charts"]] == ["Loss", "Learning rate", "Gradient norm"]


def test_a_loss_of_nan_leaves_a_gap_and_no_broken_data(page):
    data = data_of(page({7: float("nan")}))
    assert data["charts"][0]["new"][7] is None


@pytest.mark.parametrize("place", ["subject", "config", "finding", "engine", "metric"])
def test_text_from_configs_and_traces_cannot_become_markup(page, place):
    finding = SimpleNamespace(
        effect=SimpleNamespace(value="exact"), code="X001", line=1, message=ATTACK if place == "finding" else "moved"
    )
    text = ATTACK if place == "config" else "lr = 1"
    pairs = [FilePair("a.py", list(side_by_side("lr = 1", text)), [finding])]
    given = {place: ATTACK} if place in ("subject", "engine", "metric") else {}
    attacked, plain = Page(page(pairs=pairs, **given)), Page(page(pairs=[FilePair("a.py", [], [finding])]))
    assert attacked.tags.count("script") == plain.tags.count("script")
    assert "img" not in attacked.tags
    assert "alert(1)" in attacked.said["body"]


def test_configs_stand_side_by_side_with_their_findings(page):
    finding = SimpleNamespace(
        effect=SimpleNamespace(value="measured"), code="LR001", line=3, message="the warm-up moved"
    )
    pair = FilePair("schedule.py", list(side_by_side("a = 1\nlr_config = 2", "a = 1\nparam_scheduler = 3")), [finding])
    shown = Page(page(pairs=[pair]))
    assert "schedule.py" in shown.said["summary"]
    assert "the warm-up moved" in shown.said["ul"]
    assert "param_scheduler = 3" in shown.said["table"]


def test_evaluations_and_checkpoints_are_listed(page):
    shown = Page(page())
    assert {"evaluations", "checkpoints", "environment"} <= set(shown.ids)
    assert "40.5" in shown.said["table"]
    assert "epoch_1.pth" in shown.said["table"]


def test_a_long_run_stays_small_and_keeps_its_only_difference(page):
    text = page({54_321: 0.5}, rows=100_000)
    assert len(text) < 2_000_000
    loss = data_of(text)["charts"][0]
    assert len(loss["x"]) <= 4000
    assert loss["diff"][loss["x"].index(54_321)] == pytest.approx(0.5, rel=1e-3)


def test_the_page_is_written_whole(page, tmp_path):
    page()
    traces = tmp_path / "a", tmp_path / "b"
    write_report(tmp_path / "report.html", compare(*traces), traces, [], "old → new")
    assert (tmp_path / "report.html").read_text().endswith("</html>")
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "report.html"}


def test_runs_that_left_no_trace_still_give_a_page(tmp_path):
    from mmmigrate.compat.trace.verdict import NOT_COMPARED, Comparison

    traces = tmp_path / "a", tmp_path / "b"
    shown = Page(report_html(Comparison(NOT_COMPARED, 0, reason="out of memory"), traces, [], "x"))
    assert "Could not compare" in shown.said["h1"]
    assert "out of memory" in shown.said["header"]
