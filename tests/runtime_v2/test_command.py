"""`python -m mmmigrate.runtime_v2`: one process, two processes, and configs with mistakes."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
import torch

from mmmigrate.runtime_v2 import Config
from mmmigrate.runtime_v2.config_checks import likely_mistakes

PROJECT = """
    import numpy as np
    import torch
    from mmcv.cnn import MODELS
    from mmcv.runner import BaseModule, Hook, HOOKS
    from mmcv.utils import Registry
    from torch.utils.data import Dataset

    DATASETS = Registry('dataset')


    @DATASETS.register_module()
    class Ramp(Dataset):
        CLASSES = ('low', 'high')

        def __len__(self):
            return 16

        def __getitem__(self, index):
            return dict(x=torch.full((3,), float(index)), y=torch.tensor(int(index > 7)))

        def evaluate(self, results, logger=None):
            return dict(accuracy=float(np.mean([np.argmax(scores) == (i > 7) for i, scores in enumerate(results)])))


    @MODELS.register_module()
    class Line(BaseModule):
        def __init__(self, init_cfg=None):
            super().__init__(init_cfg)
            self.line = torch.nn.Linear(3, 2)

        def forward(self, x, y=None, return_loss=True):
            scores = self.line(x)
            if not return_loss:
                return list(scores.numpy())
            return torch.nn.functional.cross_entropy(scores, y)

        def train_step(self, data, optimizer):
            loss = self(**data)
            return dict(loss=loss, log_vars=dict(loss=loss.item()), num_samples=len(data['x']))


    @HOOKS.register_module()
    class SaveRank(Hook):
        def after_run(self, runner):
            torch.save(runner.model.module.state_dict(), f'{runner.work_dir}/rank{runner.rank}.weights')
"""
CONFIG = """
    model = dict(type='Line', init_cfg=dict(type='Normal', layer='Linear', std=0.1))
    data = dict(samples_per_gpu=4, train=dict(type='Ramp'), val=dict(type='Ramp'))
    optimizer = dict(type='SGD', lr=0.01)
    optimizer_config = dict(grad_clip=None)
    lr_config = dict(policy='step', step=[1])
    total_epochs = 2
    checkpoint_config = dict(interval=1)
    evaluation = dict(interval=1, save_best='accuracy')
    log_config = dict(interval=2, hooks=[dict(type='TextLoggerHook')])
    custom_hooks = [dict(type='SaveRank')]
    custom_imports = dict(imports=['own_project'])
    dist_params = dict(backend='gloo')
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "own_project.py").write_text(textwrap.dedent(PROJECT))
    (tmp_path / "config.py").write_text(textwrap.dedent(CONFIG))
    return tmp_path


def command(project, *arguments, launcher=()):
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    start = [sys.executable, "-m", *launcher, "mmmigrate.runtime_v2", "config.py", "--work-dir", "work", *arguments]
    return subprocess.run(start, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_it_trains_a_project_that_imports_mmcv(project):
    done = command(project, "--seed", "1")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (project / "work").iterdir()}
    assert {"epoch_1.pth", "epoch_2.pth", "latest.pth"} <= names
    assert any(name.startswith("best_accuracy_epoch_") for name in names)
    log = next((project / "work").glob("*.log.json")).read_text().splitlines()
    assert [json.loads(line)["mode"] for line in log[1:]] == ["train", "train", "val"] * 2


def test_two_processes_end_with_the_same_weights(project):
    launcher = ("torch.distributed.run", "--nproc_per_node=2", "--standalone", "-m")
    done = command(project, "--seed", "1", "--launcher", "pytorch", launcher=launcher)
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(project / "work" / f"rank{rank}.weights") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (project / "work" / "epoch_2.pth").exists()


MISTAKES = {
    "lr_config.policy=stpe": ("stpe", "Step"),
    "lr_config.gama=0.5": ("gama", "gamma"),
    "optimizer.type=SDG": ("SDG", "SGD"),
    "optimizer.momentun=0.9": ("momentun", "momentum"),
    "custom_hooks.0.type=SaveRnak": ("SaveRnak", "SaveRank"),
    "checkpoint_config.type=ChekpointHook": ("ChekpointHook", "CheckpointHook"),
    "checkpoint_config.intervall=1": ("intervall", "interval"),
    "evaluation.rule=more": ("more", "greater"),
    "model.type=Lnie": ("Lnie", "Line"),
    "data.train.type=Rmap": ("Rmap", "Ramp"),
    "model.init_cfg.stdd=1": ("stdd", "std"),
    "optimizer_config.grad_clp=1": ("grad_clp", "grad_clip"),
    "fp16.loss_scal=512": ("loss_scal", "loss_scale"),
    "evaluation.intervall=1": ("intervall", "interval"),
    "total_epochs=x": ("max_epochs", "'x'"),
    "workflow=[(trian,1)]": ("trian", "'train'"),
    "workflow=[(train,0)]": ("workflow", "no train phase"),
    "data.train_dataloader.shufle=1": ("shufle", "shuffle"),
    "workflow=[train]": ("workflow", "'train'"),
    "checkpoint_config.interval=a": ("interval", "'a'"),
}
TRY_ALL = """
import sys
from mmmigrate.runtime_v2.cli import main
for option in sys.argv[1:]:
    code = main(["config.py", "--work-dir", "work", "--cfg-options", option])
    print(f"exit {code}", file=sys.stderr)
"""


def test_a_mistake_is_named_with_the_nearest_name_and_the_file(project):
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    start = [sys.executable, "-c", TRY_ALL, *MISTAKES]
    done = subprocess.run(start, cwd=project, env=environment, capture_output=True, text=True, check=False)
    said = [part.strip().splitlines()[-1] for part in done.stderr.split("exit 2\n")[:-1]]
    assert len(said) == len(MISTAKES), done.stderr[-2000:]
    for line, words in zip(said, MISTAKES.values()):
        assert all(word in line for word in ("config.py", *words)), line


def test_a_key_that_is_nearly_one_that_is_read_is_named_in_a_warning(tmp_path):
    file = tmp_path / "config.py"
    file.write_text(
        "lr_confg = dict(policy='step')\noptimizer = dict(paramwise_cfg=dict(norm_decay_mul=0,\n"
        "    custom_keys=dict(head=dict(lr_mul=2, decay_mult=1))))\ndata = dict(samples_per_gpus=2, root='x')\n"
        "dataset_type = 'Ramp'\nlr_config_of_old = runner = model = evaluation_interval = checkpoints = None\n"
    )
    found = [line.removeprefix(f"{file}: nothing reads the key ") for line in likely_mistakes(Config.fromfile(file))]
    assert found == [
        "'lr_confg'; did you mean 'lr_config'?",
        "'data.samples_per_gpus'; did you mean 'samples_per_gpu'?",
        "'optimizer.paramwise_cfg.norm_decay_mul'; did you mean 'norm_decay_mult'?",
        "'optimizer.paramwise_cfg.custom_keys.head.lr_mul'; did you mean 'lr_mult'?",
    ]


def test_a_config_that_is_not_there_is_said_so(project):
    (project / "config.py").unlink()
    done = command(project)
    assert done.returncode == 2
    assert "config.py: no such config file" in done.stderr
