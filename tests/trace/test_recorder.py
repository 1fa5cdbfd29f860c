"""The recorder sees what training does, in order, and leaves it readable however the run ends."""

import os
import signal
import subprocess
import sys
import textwrap
from itertools import chain

import torch
from proof.drawn.experiments import PROJECT
from torch.utils.data import DataLoader

from mmmigrate.compat.trace.batches import IndexWatch
from mmmigrate.compat.trace.format import Event, Row, TensorRecord
from mmmigrate.compat.trace.hook_calls import HookCalls, acting
from mmmigrate.compat.trace.reader import TraceReader

CONFIG = """
custom_imports = dict(imports=['dots'])
model = dict(type='DotNet')
data = dict(
    samples_per_gpu=4, workers_per_gpu=0, train=dict(type='Dots', count=11),
    val=dict(type='Dots', count=5, seed=2))
optimizer = dict(type='SGD', lr=0.1, momentum=0.9)
optimizer_config = dict(grad_clip=dict(max_norm=0.5))
lr_config = dict(policy='step', step=[1])
runner = dict(type='EpochBasedRunner', max_epochs=2)
checkpoint_config = dict(interval=1)
evaluation = dict(interval=1)
"""


def recorded(proof_folder, text=CONFIG):
    """The records of a v2 run of `text`."""
    import io

    from proof.drawn.training import quietly

    from mmmigrate.compat.proof import engine
    from mmmigrate.compat.proof.spec import EngineSpec

    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))
    config = proof_folder / "config.py"
    config.write_text(text)
    files = str(proof_folder / "trace"), str(proof_folder / "work"), str(proof_folder / "weights.pth")
    with quietly():
        engine.run_v2(EngineSpec("v2", str(config), *files), io.StringIO())
    return list(TraceReader(proof_folder / "trace"))


def test_everything_that_decides_a_step_is_in_its_row(tmp_path):
    rows = [record for record in recorded(tmp_path) if isinstance(record, Row)]
    assert [row.iteration for row in rows] == [-1, *range(6)]
    found = {(column.stage, column.name) for column in rows[-1].schema.columns}
    assert {
        ("schedule", "lr[0]"), ("schedule", "momentum[0]"), ("data", "batch"), ("data", "indices"),
        ("data", "rng.torch"), ("data", "rng.numpy"), ("data", "rng.python"), ("loss", "loss"), ("gradient", "norm"),
        ("gradient", "head.weight"), ("clip", "norm"), ("step", "head.weight"), ("step", "optimizer.steps"),
        ("step", "head.weight/momentum_buffer"), ("forward", "norm.running_mean"),
    } <= found  # fmt: skip
    values = dict(zip([(column.stage, column.name) for column in rows[1].schema.columns], rows[1].values()))
    assert values["clip", "norm"] <= 0.5 + 1e-6 < values["gradient", "norm"]


def test_the_indices_of_the_batches_are_those_of_the_samples(tmp_path):
    kept = [record for record in recorded(tmp_path) if isinstance(record, TensorRecord) and record.name == "indices"]
    batches = [list(memoryview(record.data).cast("q")) for record in kept]
    assert [len(batch) for batch in batches] == [4, 4, 3, 4, 4, 3]
    assert sorted(chain(*batches[:3])) == sorted(chain(*batches[3:])) == list(range(11))


def test_checkpoints_are_recorded_with_what_is_in_them(tmp_path):
    saved = [record for record in recorded(tmp_path) if isinstance(record, Event) and record.stage == "checkpoint"]
    assert [(event.iteration, event.name) for event in saved] == [(2, "epoch_1.pth"), (5, "epoch_2.pth")]
    assert all(len(event.values["weights"]) == len(event.values["optimizer"]) == 16 for event in saved)
    assert saved[0].values != saved[1].values


def test_the_order_of_the_hooks_is_recorded_once_for_each_pattern(tmp_path):
    calls = [record for record in recorded(tmp_path) if isinstance(record, Event) and record.stage == "hooks"]
    first = dict(calls[0].values["calls"])
    assert first["before_train_iter"][0] == "StepLrUpdaterHook"
    assert first["after_train_iter"].index("OptimizerHook") < first["after_train_iter"].index("Recorder")
    # the first iteration, one inside an epoch, and the first of another epoch
    assert [event.iteration for event in calls] == [0, 1, 3]


def test_only_hooks_that_define_a_stage_act_in_it():
    class Hook:
        def after_iter(self, runner): ...

        def after_train_iter(self, runner):
            self.after_iter(runner)

    class Idle(Hook): ...

    class General(Hook):
        def after_iter(self, runner): ...

    assert acting([Idle(), General()], "after_train_iter") == ["General"]
    assert acting([Idle(), General()], "before_train_iter") == []


def test_a_sequence_of_calls_is_news_only_once():
    class Runner:
        hooks = ()

        def call_hook(self, fn_name): ...

    runner = Runner()
    calls = HookCalls(runner)
    for _ in range(2):
        runner.call_hook("before_train_iter")
        runner.call_hook("after_train_iter")
        heard = calls.taken()
    assert heard == []


def test_a_batch_sampler_of_another_class_is_left_alone():
    class Own(torch.utils.data.BatchSampler): ...

    loader = DataLoader(list(range(4)), batch_sampler=Own(torch.utils.data.SequentialSampler(range(4)), 2, False))
    watch = IndexWatch(loader)
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3]]
    assert (watch.works, watch.taken()) == (False, None)


def test_with_workers_the_batches_drawn_ahead_wait_for_their_turn():
    loader = DataLoader(list(range(6)), batch_size=2, num_workers=1)
    watch = IndexWatch(loader)
    assert [(batch.tolist(), watch.taken()) for batch in loader] == [
        ([0, 1], [0, 1]),
        ([2, 3], [2, 3]),
        ([4, 5], [4, 5]),
    ]


def test_a_run_that_is_killed_leaves_every_finished_iteration(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        import io, os, signal, sys
        sys.path.insert(0, {str(PROJECT)!r})
        from mmmigrate.compat.proof import engine
        from mmmigrate.compat.proof.spec import EngineSpec
        from mmmigrate.compat.trace.recorder import TraceRecorder

        after = TraceRecorder.after_train_iter

        def killed(self, runner, *args, **kwargs):
            after(self, runner, *args, **kwargs)
            if runner.iter == 3:
                os.kill(os.getpid(), signal.SIGKILL)

        TraceRecorder.after_train_iter = killed
        files = {[str(tmp_path / name) for name in ("c.py", "trace", "work", "weights.pth")]!r}
        engine.run_v2(EngineSpec("v2", *files), io.StringIO())
        """)
    )
    (tmp_path / "c.py").write_text(CONFIG)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    rows = [record.iteration for record in TraceReader(tmp_path / "trace") if isinstance(record, Row)]
    assert rows == [-1, 0, 1, 2, 3]


def test_an_evaluation_before_the_first_iteration_is_recorded(tmp_path):
    records = recorded(
        tmp_path, CONFIG.replace("evaluation = dict(interval=1)", "evaluation = dict(interval=1, start=0)")
    )
    told = [record.iteration for record in records if isinstance(record, Event) and record.stage == "evaluation"]
    assert told == [-1, 2, 5]
