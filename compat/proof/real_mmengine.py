"""One run of the proof in real mmengine: `python -m mmmigrate.compat.proof.real_mmengine SPEC.json` there."""

from __future__ import annotations

import importlib
import sys
from typing import TextIO

from mmmigrate.compat.dist import end_process
from mmmigrate.compat.proof.engine import prepared, train_v3
from mmmigrate.compat.proof.spec import EngineSpec
from mmmigrate.compat.proof.start import without_sleeping


def run(spec: EngineSpec, channel: TextIO) -> None:
    """Trains `spec.config` in real mmengine and records it; v2 code of the project runs through the bridges."""
    mmengine = importlib.import_module("mmengine")
    runner, hooks = importlib.import_module("mmengine.runner"), importlib.import_module("mmengine.hooks")
    without_sleeping("mmengine.runner.loops")
    importlib.import_module("mmmigrate.compat.adapters").install()
    config_class = importlib.import_module("mmengine.config").Config
    train_v3(spec, channel, config_class, runner.Runner, hooks.Hook, f"mmengine {mmengine.__version__}")


if __name__ == "__main__":
    spec, reading, _ = prepared(sys.argv[1:])
    run(spec, reading)
    end_process()
