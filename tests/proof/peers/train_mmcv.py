"""Trains a config of the shapes project in real mmcv with our recorder: CONFIG TRACE WORK_DIR [STEPS]."""

import copy
import logging
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / ".typing"), str(ROOT / "fixtures/experiments/shapes")]
time.sleep = lambda seconds: None  # real mmcv sleeps two seconds at the start of every epoch

import random  # noqa: E402

import shapes  # noqa: E402
from mmcv import Config  # noqa: E402
from mmcv.cnn import MODELS  # noqa: E402
from mmcv.parallel import MMDataParallel, collate  # noqa: E402
from mmcv.runner import EvalHook, Hook, build_optimizer, build_runner  # noqa: E402

from mmmigrate.compat.trace.recorder import StopTraining, recorder_class  # noqa: E402


def reseed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def loader(config, split, shuffle):
    per_gpu = config.data.samples_per_gpu
    dataset = shapes.build_dataset(config.data[split])
    return DataLoader(dataset, per_gpu, shuffle=shuffle, collate_fn=partial(collate, samples_per_gpu=per_gpu))


def main(config_path, trace, work_dir, steps=None):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    config = Config.fromfile(config_path)
    reseed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    optimizer = build_optimizer(model, config.optimizer)
    parallel = MMDataParallel(model, device_ids=[])
    logger = logging.getLogger("peer")
    parts = {"model": parallel, "optimizer": optimizer, "work_dir": work_dir, "logger": logger, "meta": {}}
    runner = build_runner(config.runner, default_args=parts)
    runner.register_training_hooks(
        config.lr_config,
        config.optimizer_config,
        config.checkpoint_config,
        config.log_config,
        config.get("momentum_config"),
        custom_hooks_config=config.get("custom_hooks"),
    )
    evaluation = dict(config.evaluation, by_epoch=config.runner.type != "IterBasedRunner")
    runner.register_hook(EvalHook(loader(config, "val", False), **evaluation), priority="LOW")
    recorder = recorder_class(Hook)(trace, {"engine": "mmcv"}, stop_before=None if steps is None else int(steps))
    runner.register_hook(recorder, priority="LOWEST")
    # as the codebases' tools do: a val phase sees the val data through the pipeline and the loader of training
    phases = copy.deepcopy(config)
    phases.data.val.pipeline = config.data.train.pipeline
    phases.data.val.test_mode = False
    loaders = [loader(phases, mode, True) for mode, _ in config.workflow]
    reseed(0)
    try:
        runner.run(loaders, config.workflow)
    except StopTraining:
        recorder.finish("stopped")
    else:
        recorder.finish("complete")


main(*sys.argv[1:])
