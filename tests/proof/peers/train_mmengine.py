"""Trains a converted config of the shapes project in real mmengine with our recorder: CONFIG TRACE WORK_DIR WEIGHTS."""

import importlib
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / ".typing"), str(ROOT / "fixtures/experiments/shapes")]

import mmengine.hooks  # noqa: E402
import mmengine.runner  # noqa: E402
from mmengine import registry  # noqa: E402
from mmengine.config import Config  # noqa: E402

from mmmigrate.compat import aliases  # noqa: E402
from mmmigrate.compat.adapters.dataset import adapted_dataset  # noqa: E402
from mmmigrate.compat.adapters.hook import adapted_hook  # noqa: E402
from mmmigrate.compat.adapters.model import adapted_model  # noqa: E402
from mmmigrate.compat.proof.start import reseed, restart_loader, starting_hook  # noqa: E402
from mmmigrate.compat.trace.recorder import recorder_class  # noqa: E402


def register():
    aliases.install("mmcv")
    shapes = importlib.import_module("shapes")
    for model in (shapes.ShapeClassifier, shapes.ShapeSegmentor):
        registry.MODELS.register_module(name=model.__name__, module=adapted_model(model))
    for dataset in (shapes.Shapes, shapes.ShapeMasks):
        registry.DATASETS.register_module(name=dataset.__name__, module=adapted_dataset(dataset))
    hook = adapted_hook(shapes.FreezeHead, mmengine.hooks.Hook)
    registry.HOOKS.register_module(name="FreezeHead", module=hook)


def main(config_path, trace, work_dir, weights):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    register()
    aliases.uninstall("mmcv")  # the project is imported; mmengine itself looks for parts of mmcv that an alias has not
    config = Config.fromfile(config_path)
    config.work_dir = work_dir
    config.randomness = {"seed": 0}
    runner = mmengine.runner.Runner.from_cfg(config)

    def start(runner):
        runner.model.load_state_dict(torch.load(weights, weights_only=True))
        reseed(0)
        restart_loader(runner.train_loop)

    recorder = recorder_class(mmengine.hooks.Hook)(trace, {"engine": "mmengine"})
    runner.register_hook(starting_hook(mmengine.hooks.Hook, "before_train", start), priority="HIGHEST")
    runner.register_hook(recorder, priority="LOWEST")
    runner.train()
    recorder.finish("complete")


main(*sys.argv[1:])
