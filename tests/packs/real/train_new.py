"""Runs where real mmengine, mmcv 2 and mmpretrain are: `train_new.py CONFIG OUT ITERATIONS WEIGHTS [crop]`.

``crop`` draws the places of crops as mmcls did, from Python's generator instead of numpy's: the one thing in this
experiment that mmpretrain computes otherwise.
"""

import hashlib
import json
import random
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.datasets import CIFAR10
from mmpretrain.datasets.transforms import RandomCrop
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.utils import register_all_modules

sys.path.insert(0, str(Path(__file__).parent))
from made_cifar import trust_made_files

SEEN = []


class Witness(Hook):
    def before_train_epoch(self, runner):
        torch.manual_seed(0)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        SEEN.append(
            {
                "labels": [int(sample.gt_label) for sample in data_batch["data_samples"]],
                "inputs": hashlib.sha256(LAST["inputs"].numpy().tobytes()).hexdigest(),
                "loss": outputs["loss"].item().hex(),
                "lr": runner.optim_wrapper.get_lr()["lr"][0],
            }
        )


LAST = {}
forward = ClsDataPreprocessor.forward


def remembering(self, data, training=False):
    result = forward(self, data, training)
    LAST["inputs"] = result["inputs"]
    return result


def places_of_mmcls(self, img):
    height, width = img.shape[:2]
    target_height, target_width = min(height, self.crop_size[0]), min(width, self.crop_size[1])
    return (
        random.randint(0, height - target_height),
        random.randint(0, width - target_width),
        target_height,
        target_width,
    )


def main(config: str, out: str, iterations: int, weights: str, like_v2: list) -> None:
    trust_made_files(CIFAR10)
    register_all_modules(init_default_scope=False)
    ClsDataPreprocessor.forward = remembering
    if "crop" in like_v2:
        RandomCrop.rand_crop_params = places_of_mmcls
    cfg = Config.fromfile(config)
    cfg.merge_from_dict({"work_dir": out, "randomness.seed": 0, "train_cfg.max_epochs": 1, "log_level": "ERROR"})
    for key in ("val_cfg", "val_dataloader", "val_evaluator", "test_cfg", "test_dataloader", "test_evaluator"):
        cfg.pop(key, None)
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Witness(), priority="VERY_LOW")
    runner.model.load_state_dict(torch.load(weights), strict=False)
    runner.model._is_init = True
    runner.train()
    Path(out, "seen.json").write_text(json.dumps(SEEN[:iterations]))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5:])
