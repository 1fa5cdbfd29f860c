"""`mmmigrate verify` and `mmmigrate compare`: what scripts and CI jobs depend on."""

import json
import shutil
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from mmmigrate.compat.cli.main import main
from mmmigrate.compat.trace import TraceReader
from mmmigrate.compat.trace.format import Column, TensorRecord, TraceWriter

COLUMNS = (Column("schedule", "lr[0]", "f8"), Column("loss", "loss", "f4"))


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def traces(tmp_path):
    """Three traces: the second equals the first, the third has another rate at iteration 2."""
    for name, rate in (("a", 0.1), ("b", 0.1), ("c", 0.2)):
        with TraceWriter(tmp_path / name, {}) as writer:
            for i in range(4):
                writer.row(i, COLUMNS, [rate if i == 2 else 0.1, 0.5])
    return tmp_path / "a", tmp_path / "b", tmp_path / "c"


def test_compare_says_equal_and_exits_with_0(run, traces):
    done = run("compare", traces[0], traces[1])
    assert (done.exit_code, done.stdout) == (0, "bit-equal over 4 iterations\n")


def test_compare_names_the_divergence_and_exits_with_1(run, traces):
    done = run("compare", traces[0], traces[2])
    assert done.exit_code == 1
    assert done.stdout.startswith("divergent: first at iteration 2, schedule: lr[0]: 0.1 (old), 0.2 (new)")
    assert "look at: lr_config" in done.stdout


def test_compare_refuses_what_is_no_trace_and_exits_with_2(run, traces, tmp_path):
    (tmp_path / "d").write_text("nothing")
    done = run("compare", traces[0], tmp_path / "d")
    assert done.exit_code == 2
    assert "not a trace" in done.stderr


def test_json_on_standard_output_is_all_that_is_there(run, traces):
    document = json.loads(run("compare", traces[0], traces[2], "--json", "-").stdout)
    assert (document["verdict"], document["steps"], document["first_divergence"]["iter"]) == ("divergent", 4, 2)


@pytest.mark.parametrize(("new", "failures"), [(1, "0"), (2, "1")])
def test_junit_has_one_case_that_fails_when_training_diverges(run, traces, tmp_path, new, failures):
    run("compare", traces[0], traces[new], "--junit", tmp_path / "j.xml")
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", failures, "0")
    assert len(suite.findall("testcase/failure")) == int(failures)


def test_the_report_of_a_comparison_is_a_page(run, traces, tmp_path):
    run("compare", traces[0], traces[2], "--report", tmp_path / "r.html")
    assert "Training diverges" in (tmp_path / "r.html").read_text()


def test_a_tolerance_can_be_given(run, traces):
    done = run("compare", traces[0], traces[2], "--ulp", 2**62)
    assert done.exit_code == 0
    assert done.stdout.startswith("equal within")


def test_verify_converts_trains_compares_and_reports(run, configs, tmp_path):
    outputs = {"--json": tmp_path / "v.json", "--junit": tmp_path / "v.xml", "--report": tmp_path / "v.html"}
    options = [part for pair in outputs.items() for part in pair]
    done = run("verify", configs / "segmenter_poly.py", "--steps", 3, "--work-dir", tmp_path / "run", *options)
    assert (done.exit_code, done.stdout) == (0, "bit-equal over 3 iterations\n")
    assert json.loads(outputs["--json"].read_text())["verdict"] == "bit-equal"
    page = outputs["--report"].read_text()
    assert "Training is bit-equal" in page
    assert "_base_/schedules/iters_poly.py" in page
    assert "param_scheduler" in page


def test_verify_of_a_config_that_cannot_be_converted_exits_with_2(run, configs, tmp_path):
    project = shutil.copytree(configs.parent, tmp_path / "project")
    (project / "configs/broken.py").write_text("_base_ = './absent.py'\n")
    done = run("verify", project / "configs/broken.py")
    assert done.exit_code == 2
    assert "absent.py" in done.stderr


DOTS = """
custom_imports = dict(imports=['dots'])
model = dict(type='DotNet')
data = dict(samples_per_gpu=4, workers_per_gpu=0, train=dict(type='Dots', count=22))
optimizer = dict(type='SGD', lr=0.1, momentum=0.9)
optimizer_config = dict()
lr_config = dict(policy='step', step=[1])
total_epochs = 3
checkpoint_config = dict(interval=1)
"""


@pytest.fixture
def dots(configs, tmp_path):
    """A config of the dots project, in a copy of it."""
    shutil.copytree(configs.parents[1] / "dots/dots", tmp_path / "project/dots")
    config = tmp_path / "project/config.py"
    config.write_text(DOTS)
    return config


def test_two_processes_are_compared_rank_by_rank(run, dots, tmp_path):
    done = run("verify", dots, "--world-size", 2, "--work-dir", tmp_path / "run")
    assert (done.exit_code, done.stdout) == (0, "bit-equal over 9 iterations\n")
    assert (tmp_path / "run/v2.rank1.trace").exists()
    (tmp_path / "run/v3.rank1.trace").write_bytes((tmp_path / "run/v3.trace").read_bytes())
    done = run("compare", tmp_path / "run/v2.trace", tmp_path / "run/v3.trace")
    assert (done.exit_code, "rank 1" in done.stderr) == (1, True)


def test_runs_that_are_broken_off_and_resumed_are_compared_in_both_parts(run, dots, tmp_path):
    written = {"--markdown": tmp_path / "v.md", "--sarif": tmp_path / "v.sarif"}
    options = [part for pair in written.items() for part in pair]
    done = run("verify", dots, "--resume-at", 6, "--seeds", "1,2", "--work-dir", tmp_path / "run", *options)
    assert (done.exit_code, done.stdout) == (0, "bit-equal over 18 iterations\n")
    assert done.stderr.count("bit-equal over 18 iterations") == 2
    assert written["--markdown"].read_text().endswith("bit-equal over 18 iterations\n")
    assert json.loads(written["--sarif"].read_text())["runs"][0]["results"] == []


def test_a_divergence_is_told_in_markdown_and_sarif(run, dots, tmp_path):
    new = tmp_path / "new.py"
    new.write_text(run("config", dots, "--schedule", "exact").stdout.replace("lr=0.1", "lr=0.2"))
    options = ["--markdown", tmp_path / "v.md", "--sarif", tmp_path / "v.sarif"]
    assert run("verify", dots, new, "--timeline", "--work-dir", tmp_path / "run", *options).exit_code == 1
    assert "| `0` | `schedule` | `lr[0]` | `0.1` | `0.2` |" in (tmp_path / "v.md").read_text()
    result = json.loads((tmp_path / "v.sarif").read_text())["runs"][0]["results"][0]
    assert (result["ruleId"], result["level"]) == ("training-diverges", "error")


def test_seeds_that_are_no_numbers_are_refused(run, dots):
    done = run("verify", dots, "--seeds", "1,x")
    assert (done.exit_code, "--seeds" in done.stderr) == (2, True)


EVALUATED = (
    DOTS.replace("count=22)", "count=22), val=dict(type='Dots', count=5, seed=2)") + "evaluation = dict(interval=1)\n"
)


@pytest.mark.peer
def test_the_real_libraries_train_in_given_environments_every_rank(run, dots, tmp_path, peer_v2, peer_v3):
    dots.write_text(EVALUATED)
    peers = ["--peer", f"old={peer_v2.parents[1]}", "--peer", f"new={peer_v3}"]
    done = run("verify", dots, "--world-size", 2, "--work-dir", tmp_path / "run", *peers)
    assert (done.exit_code, done.stdout) == (0, "bit-equal over 9 iterations\n")
    for generation, engine in (("v2", "mmcv 1.7.2"), ("v3", "mmengine 0.10.7")):
        for trace in (f"{generation}.trace", f"{generation}.rank1.trace"):
            reader = TraceReader(tmp_path / "run" / trace)
            indices = [record for record in reader if isinstance(record, TensorRecord) and record.name == "indices"]
            assert (reader.header["engine"], len(indices)) == (engine, 9)


def test_an_environment_that_cannot_train_its_side_is_refused(run, dots, tmp_path, peer_v2):
    for given, said in (
        ("old", "not of the form old=ENV"),
        (f"left={peer_v2}", "'left' is no side"),
        (f"old={tmp_path / 'absent'}", "is no environment"),
        (f"new={peer_v2}", "cannot import mmengine"),
    ):
        done = run("verify", dots, "--peer", given)
        assert (done.exit_code, said in done.stderr.replace("\n", " ")) == (2, True), done.stderr
    done = run("verify", dots, "--peer", f"old={peer_v2}", "--resume-at", 3)
    assert (done.exit_code, "--resume-at" in done.stderr) == (2, True)


def test_characters_of_a_terminal_do_not_break_the_documents(tmp_path):
    from xml.etree import ElementTree

    from mmmigrate.compat.proof.junit import write_junit
    from mmmigrate.compat.proof.markdown import markdown
    from mmmigrate.compat.proof.sarif import verdict_sarif
    from mmmigrate.compat.trace.verdict import NOT_COMPARED, Comparison

    failed = Comparison(NOT_COMPARED, 0, reason='the new run failed: \x1b[31mA < B & "c"\x1b[0m\x00\ufffe')
    write_junit(tmp_path / "v.xml", failed, "a\x0b.py")
    case = ElementTree.parse(tmp_path / "v.xml").getroot()[0]
    assert (case.get("name"), case[0].text) == ("a.py", 'not compared: the new run failed: A < B & "c"')
    assert "A &lt; B" in markdown(failed, "a.py")
    place = verdict_sarif(failed, "my configs/a.py")["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20configs/a.py"


@pytest.mark.parametrize("option", ["--json", "--junit", "--markdown", "--report"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(run, traces, tmp_path, option):
    done = run("compare", *traces[:2], option, tmp_path / "absent" / "file")
    assert (done.exit_code, "there is no folder" in done.stderr.replace("\n", " ")) == (2, True)
    assert (run("compare", *traces[:2], option, tmp_path).exit_code) == 2


def test_arguments_that_no_schedule_takes_are_no_divergence(run, tmp_path):
    text = "optimizer = dict(type='SGD', lr=1.)\ntotal_epochs = 2\n"
    (tmp_path / "v2.py").write_text(text + "lr_config = dict(policy='step', step=[1])\n")
    (tmp_path / "v3.py").write_text(
        "optim_wrapper = dict(optimizer=dict(type='SGD', lr=1.))\ntrain_cfg = dict(by_epoch=True, max_epochs=2)\n"
        "param_scheduler = dict(type='MultiStepLR', milestones=5)\n"
    )
    done = run("verify", tmp_path / "v2.py", tmp_path / "v3.py", "--timeline")
    assert (done.exit_code, done.stdout.startswith("not compared: ")) == (2, True)
