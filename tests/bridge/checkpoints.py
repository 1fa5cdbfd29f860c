"""Checkpoints made by hand, as the two generations write them."""

from collections import OrderedDict

import torch


def v2_checkpoint(**changes):
    """What mmcv 1.7.2's CheckpointHook writes after epoch 2 of 5 iterations, averaged weights included."""
    weights = OrderedDict(
        [
            ("ema_head_weight", torch.full((2, 3), 0.25)),
            ("head.weight", torch.full((2, 3), 0.5)),
            ("norm.running_mean", torch.ones(3)),
            ("norm.num_batches_tracked", torch.tensor(10)),
        ]
    )
    weights._metadata = OrderedDict([("", {"version": 1}), ("norm", {"version": 2})])
    group = {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.0, "initial_lr": 0.02, "params": [0]}
    return {
        "meta": {
            "epoch": 2,
            "iter": 10,
            "mmcv_version": "1.7.2",
            "time": "Mon Nov 23 10:00:00 2026",
            "seed": 3,
            "exp_name": "faster_rcnn.py",
            "CLASSES": ("cat", "dog"),
            "PALETTE": [(1, 2, 3), (4, 5, 6)],
            "env_info": "Python: 3.9",
            "hook_msgs": {"best_score": 0.5, "best_ckpt": "work/best_mAP_epoch_2.pth", "last_ckpt": "work/epoch_2.pth"},
            **changes.pop("meta", {}),
        },
        "state_dict": weights,
        "optimizer": {
            "state": {0: {"momentum_buffer": torch.full((2, 3), 0.125)}},
            "param_groups": [group],
        },
        **changes,
    }


def v3_checkpoint(**changes):
    """What runtime_v3 writes after epoch 2 of 5 iterations, averaged weights included."""
    weights = OrderedDict([("head.weight", torch.full((2, 3), 0.25)), ("norm.running_mean", torch.ones(3))])
    group = {"lr": 0.002, "momentum": 0.9, "initial_lr": 0.02, "params": [0]}
    info = {"epoch": 1, "iter": 10, "max_epochs": 12, "best_score": 0.5, "last_ckpt": "work/epoch_2.pth"}
    return {
        "meta": {
            "epoch": 2,
            "iter": 10,
            "cfg": "train_cfg = dict(by_epoch=True, max_epochs=12)\n",
            "seed": 3,
            "experiment_name": "faster_rcnn_20261123",
            "mmengine_version": "0.10.7",
            "dataset_meta": {"classes": ("cat", "dog"), "palette": [(1, 2, 3)], "ambiguous": {"a": 1}},
            **changes.pop("meta", {}),
        },
        "state_dict": weights,
        "message_hub": {
            "log_scalars": {
                "train/loss": {
                    "log_history": torch.tensor([2.0, 1.0], dtype=torch.float64),
                    "count_history": torch.ones(2, dtype=torch.float64),
                    "max_length": 1000000,
                }
            },
            "runtime_info": info,
            "resumed_keys": dict.fromkeys([*info, "train/loss"], True),
        },
        "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(2, 3)}}, "param_groups": [group]},
        "param_schedulers": [{"last_step": 10, "_global_step": 10, "base_values": [0.02], "_last_value": [0.002]}],
        "ema_state_dict": {
            "steps": torch.tensor(10),
            "module.head.weight": torch.full((2, 3), 0.5),
            "module.norm.running_mean": torch.ones(3),
        },
        **changes,
    }
