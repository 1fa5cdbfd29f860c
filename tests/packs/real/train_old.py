"""Runs where real mmcv 1.7.2 and mmcls 0.25.0 are: `train_old.py CONFIG OUT ITERATIONS`.

Trains the unmodified config as mmcls's own tools/train.py does, without validation, and writes what it saw and lost.
"""

import hashlib
import json
import sys
from pathlib import Path

import mmcv.parallel._functions
import mmcv.runner.epoch_based_runner
import torch
from mmcls.apis import set_random_seed, train_model
from mmcls.datasets import CIFAR10, build_dataset
from mmcls.models import build_classifier
from mmcv import Config
from mmcv.runner import HOOKS, Hook

sys.path.insert(0, str(Path(__file__).parent))
from made_cifar import trust_made_files

SEEN = []


@HOOKS.register_module()
class Witness(Hook):
    def before_train_epoch(self, runner):
        torch.manual_seed(0)

    def after_train_iter(self, runner):
        batch = runner.data_batch
        SEEN.append(
            {
                "labels": batch["gt_label"].tolist(),
                "inputs": hashlib.sha256(batch["img"].numpy().tobytes()).hexdigest(),
                "loss": runner.outputs["loss"].item().hex(),
                "lr": runner.current_lr()[0],
            }
        )


def main(config: str, out: str, iterations: int) -> None:
    mmcv.runner.epoch_based_runner.time.sleep = lambda seconds: None
    # The scatter of mmcv 1.7.2 needs a device that today's torch no longer names by -1 on a CPU.
    mmcv.parallel._functions._get_stream = lambda device: None
    trust_made_files(CIFAR10)
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(
        {"work_dir": out, "gpu_ids": [0], "seed": 0, "device": "cpu", "runner.max_epochs": 1, "log_level": "ERROR"}
    )
    cfg.custom_hooks = [{"type": "Witness", "priority": "VERY_LOW"}]
    set_random_seed(0)
    model = build_classifier(cfg.model)
    model.init_weights()
    model.init_weights = lambda: None
    Path(out).mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), f"{out}/initial.pth")
    train_model(model, [build_dataset(cfg.data.train)], cfg, validate=False, device="cpu")
    Path(out, "seen.json").write_text(json.dumps(SEEN[:iterations]))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
