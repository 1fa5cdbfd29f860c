"""`python -m mmmigrate.runtime_v3`: what its options make of a config."""

from pathlib import Path

import pytest

from mmmigrate.runtime_v3.__main__ import parse_arguments
from mmmigrate.runtime_v3.launch import configure

CONFIG = """
model = dict(type="Net")
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.1))
auto_scale_lr = dict(base_batch_size=16)
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "experiment.py"
    path.write_text(CONFIG)
    return path


def test_the_work_folder_is_named_after_the_config(config):
    assert configure(config)["work_dir"] == str(Path("work_dirs") / "experiment")


def test_the_work_folder_of_the_command_line_wins(config):
    config.write_text(CONFIG + 'work_dir = "theirs"\n')
    assert configure(config)["work_dir"] == "theirs"
    assert configure(config, work_dir="mine")["work_dir"] == "mine"


def test_options_override_the_config(config):
    assert configure(config, options={"optim_wrapper.optimizer.lr": 0.5})["optim_wrapper"]["optimizer"]["lr"] == 0.5


def test_resuming_without_a_checkpoint_takes_the_last_one(config):
    cfg = configure(config, resume="auto")
    assert (cfg["resume"], cfg["load_from"]) == (True, None)


def test_resuming_from_a_checkpoint(config):
    cfg = configure(config, resume="epoch_3.pth")
    assert (cfg["resume"], cfg["load_from"]) == (True, "epoch_3.pth")


def test_amp_changes_the_wrapper(config):
    assert configure(config, amp=True)["optim_wrapper"]["type"] == "AmpOptimWrapper"


def test_amp_refuses_a_wrapper_that_has_no_such_form(config):
    config.write_text(CONFIG + 'optim_wrapper["type"] = "Own"\n')
    with pytest.raises(ValueError, match=r"optim_wrapper\.type='Own'"):
        configure(config, amp=True)


def test_scaling_the_rate_needs_a_base(config):
    assert configure(config, auto_scale_lr=True)["auto_scale_lr"] == {"base_batch_size": 16, "enable": True}
    config.write_text('model = dict(type="Net")\n')
    with pytest.raises(ValueError, match=r"no auto_scale_lr\.base_batch_size"):
        configure(config, auto_scale_lr=True)


@pytest.mark.parametrize(
    ("arguments", "resume"), [([], None), (["--resume"], "auto"), (["--resume", "epoch_1.pth"], "epoch_1.pth")]
)
def test_resume_takes_a_checkpoint_or_none(arguments, resume):
    assert parse_arguments(["config.py", *arguments]).resume == resume
