"""One run of the proof in a process of its own: `python -m mmmigrate.compat.proof.engine SPEC.json`."""

from __future__ import annotations

import importlib
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

import torch

from mmmigrate.compat.dist import end_process, get_dist_info, init_dist
from mmmigrate.compat.proof.spec import EngineSpec, rank_path
from mmmigrate.compat.proof.start import (
    deterministic,
    hand_out,
    protocol_streams,
    reseed,
    restart_loader,
    starting_hook,
    take_over,
)
from mmmigrate.compat.trace.recorder import StopTraining, TraceRecorder, recorder_class


def header(spec: EngineSpec, engine: str) -> dict[str, Any]:
    """What the trace says about the run that wrote it."""
    return {
        "engine": engine,
        "config": spec.config,
        "seed": spec.seed,
        "processes": spec.world_size,
        "resumed": spec.resume,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
    }


def recorder_for(spec: EngineSpec, hook_base: type, engine: str) -> TraceRecorder:
    """The recorder as `spec` wants it, a hook of the engine whose `Hook` class is given."""
    recorder: TraceRecorder = recorder_class(hook_base)(
        rank_path(Path(spec.trace), get_dist_info()[0]),
        header(spec, engine),
        tensors=spec.tensors,
        stop_before=spec.steps,
    )
    return recorder


def run_v2(spec: EngineSpec, channel: TextIO) -> None:
    """Trains `spec.config` in runtime_v2 and records it; says on `channel` that the initial weights are there."""
    runtime = importlib.import_module("mmmigrate.runtime_v2")
    importlib.import_module("mmmigrate.compat.aliases").install("mmcv")
    build_training = importlib.import_module("mmmigrate.runtime_v2.train").build_training
    config = runtime.Config.fromfile(spec.config)
    join(spec)
    training = build_training(config, work_dir=spec.work_dir, seed=spec.seed, auto_resume=spec.resume)

    def start(runner: Any) -> None:
        if not spec.resume:
            hand_out(runner.model, Path(spec.weights), channel)
            reseed(spec.seed)

    recorder = recorder_for(spec, runtime.Hook, "runtime_v2")
    for loader, (mode, _) in zip(training.data_loaders, training.workflow):
        if mode == "train":
            recorder.watch_data(loader)
    training.runner.register_hook(starting_hook(runtime.Hook, "before_run", start), priority="HIGHEST")
    training.runner.register_hook(recorder, priority="LOWEST")
    recorded(recorder, training.run)


def run_v3(spec: EngineSpec, channel: TextIO) -> None:
    """Trains `spec.config` in runtime_v3 and records it, from the weights that `channel` announces."""
    importlib.import_module("mmmigrate.compat.adapters").install()
    runtime = importlib.import_module("mmmigrate.runtime_v3")
    config_class = importlib.import_module("mmmigrate.runtime_v3.config").Config
    train_v3(spec, channel, config_class, runtime.Runner, runtime.Hook, "runtime_v3")


def train_v3(
    spec: EngineSpec, channel: TextIO, config_class: Any, runner_class: Any, hook_base: type, engine: str
) -> None:
    """The run in the v3 engine whose classes are given."""
    config = config_class.fromfile(spec.config)
    config.work_dir = spec.work_dir
    config.randomness = {"seed": spec.seed}
    config.resume = spec.resume or config.get("resume", False)
    if spec.world_size > 1:
        join(spec)
        config.launcher = "pytorch"
        if not torch.cuda.is_available():  # mmengine would name a GPU for its own wrapper
            wrapper = {"type": "MMDistributedDataParallel", "broadcast_buffers": False, "device_ids": None}
            unused = config.get("find_unused_parameters", False)
            config.setdefault("model_wrapper_cfg", {**wrapper, "find_unused_parameters": unused})
    runner = runner_class.from_cfg(config)

    def start(runner: Any) -> None:
        if not spec.resume:
            take_over(runner.model, Path(spec.weights), channel)
            reseed(spec.seed)
            restart_loader(runner.train_loop)

    recorder = recorder_for(spec, hook_base, engine)
    runner.register_hook(starting_hook(hook_base, "before_train", start), priority="HIGHEST")
    runner.register_hook(recorder, priority="LOWEST")
    recorded(recorder, runner.train)


def join(spec: EngineSpec) -> None:
    """Joins the other processes of the run; the libraries' own `init_dist` asks for a GPU."""
    if spec.world_size > 1 and not torch.distributed.is_initialized():
        init_dist("pytorch", backend="gloo")


def recorded(recorder: TraceRecorder, train: Any) -> None:
    """Calls `train` and ends the trace with how it ended; a failure is raised on."""
    began = time.perf_counter()
    try:
        train()
    except StopTraining as stop:
        recorder.finish("stopped", str(stop))
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        recorder.finish("failed", f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})")
        raise
    else:
        recorder.finish("complete")
    sys.stderr.write(f"trained in {time.perf_counter() - began:.2f} s\n")


def prepared(arguments: list[str]) -> tuple[EngineSpec, TextIO, TextIO]:
    """The spec in the file that the only argument names, and the streams between the runs; the process is ready."""
    spec = EngineSpec.read(Path(arguments[0]))
    sys.path[:0] = [path for path in spec.paths if path not in sys.path]
    deterministic()
    return spec, *protocol_streams()


def main(arguments: list[str]) -> None:
    """Runs a spec in the runtime of its generation."""
    spec, reading, writing = prepared(arguments)
    if spec.generation == "v2":
        run_v2(spec, writing)
    else:
        run_v3(spec, reading)


if __name__ == "__main__":
    main(sys.argv[1:])
    end_process()
