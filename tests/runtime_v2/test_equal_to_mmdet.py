"""mmdet 2.28.2's own hooks under real mmcv and their counterparts here: the same runs to the last bit."""

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MMDET_LEVEL = 3  # the published configs lie in <root>/mmdet/.mim/configs


def experiments_module():
    spec = spec_from_file_location("v2_experiments", HERE / "experiments.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table():
    module = experiments_module()
    of, iters = module.of, module.ITERS

    def hooks(*configs, **settings):
        return of(custom_hooks_config=list(configs), **settings)

    ema = {"type": "ExpMomentumEMAHook", "momentum": 0.05, "total_iter": 4, "priority": 49}
    return {
        "moving average, exponential": hooks(ema, evaluation={"interval": 1, "save_best": "accuracy"}),
        "moving average without buffers": hooks({**ema, "skip_buffers": True, "interval": 2}),
        "moving average, linear": hooks({"type": "LinearMomentumEMAHook", "momentum": 0.4, "warm_up": 3}),
        "moving average by iterations": hooks(
            {"type": "LinearMomentumEMAHook", "momentum": 0.4, "interval": 3}, runner=iters
        ),
        "moving average, resumed": of(
            custom_hooks_config=[ema],
            parts=[
                {"runner": {"type": "EpochBasedRunner", "max_epochs": 1}},
                {"resume": "latest.pth", "runner": module.EPOCHS},
            ],
        ),
        "finite losses": hooks({"type": "CheckInvalidLossHook", "interval": 2}),
        "an infinite loss": hooks(
            {"type": "CheckInvalidLossHook", "interval": 1}, optimizer={**module.SGD, "lr": 1e30}, optimizer_config={}
        ),
        "classes that fit": hooks({"type": "NumClassCheckHook"}, workflow=[["train", 1], ["val", 1]]),
        "no classes": hooks({"type": "NumClassCheckHook"}, classes=None),
        "classes that do not fit": hooks({"type": "NumClassCheckHook"}, classes=["left"]),
        "a class for classes": hooks({"type": "NumClassCheckHook"}, classes="left"),
        "the epoch": hooks({"type": "SetEpochInfoHook"}),
        "norms of one process": hooks({"type": "SyncNormHook", "num_last_epochs": 1}),
        "random sizes": hooks({"type": "SyncRandomSizeHook", "img_scale": [640, 480], "device": "cpu"}),
        "random sizes at an interval": hooks({"type": "SyncRandomSizeHook", "interval": 2, "device": "cpu"}),
        "no random sizes": hooks({"type": "SyncRandomSizeHook", "ratio_range": None, "device": "cpu"}),
        "the end of mosaic": hooks({"type": "YOLOXModeSwitchHook", "num_last_epochs": 1, "priority": 48}),
        "the end of mosaic was before": hooks({"type": "YOLOXModeSwitchHook", "num_last_epochs": 9}),
        "memory": hooks({"type": "MemoryProfilerHook", "interval": 2}, workflow=[["train", 1], ["val", 1]]),
        "the rate of YOLOX": of(
            lr_config={
                "policy": "YOLOX",
                "warmup": "exp",
                "by_epoch": False,
                "warmup_by_epoch": True,
                "warmup_ratio": 1,
                "warmup_iters": 1,
                "num_last_epochs": 1,
                "min_lr_ratio": 0.05,
            }
        ),
        "evaluation more often at the end": of(
            runner={"type": "EpochBasedRunner", "max_epochs": 5},
            evaluation={"interval": 2, "dynamic_intervals": [[3, 1]], "save_best": "accuracy"},
        ),
        "evaluation by iterations, more often at the end": of(
            runner=iters, evaluation={"interval": 4, "by_epoch": False, "dynamic_intervals": [[7, 2], [10, 1]]}
        ),
        "rates by layer": {"paramwise": {"num_layers": 12, "decay_rate": 0.8}},
        "rates by layer of a small one": {
            "paramwise": {"num_layers": 6, "decay_rate": 0.7, "decay_type": "layer_wise"}
        },
        "rates by stage": {"paramwise": {"num_layers": 6, "decay_rate": 0.95, "decay_type": "stage_wise"}},
        "rates by something else": {"paramwise": {"num_layers": 6, "decay_rate": 0.9, "decay_type": "block_wise"}},
    }


EXPERIMENTS = table()
REFUSED = {"an infinite loss", "classes that do not fit", "a class for classes", "rates by something else"}
HOOKS_OF_SEVERAL = [
    {"type": "SyncNormHook", "num_last_epochs": 3, "interval": 2},
    {"type": "SyncRandomSizeHook", "interval": 2, "device": "cpu"},
]


def start(python, engine, output, experiments, *more, **environment):
    process = subprocess.Popen(
        [python, HERE / "mmdet_engine.py", engine, output, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    process.stdin.write(json.dumps(experiments))
    process.stdin.close()
    process.stdin = None
    return process


def result(process, output):
    _, errors = process.communicate()
    assert process.returncode == 0, errors[-3000:]
    return json.loads(output.read_text())


@pytest.fixture(scope="module")
def engines(peer_v2, published_mmdet):
    return {"ours": (sys.executable,), "mmcv": (peer_v2, str(published_mmdet.parents[MMDET_LEVEL - 1]))}


@pytest.fixture(scope="module")
def results(engines, tmp_path_factory):
    found = {}
    for engine, (python, *mmdet) in engines.items():
        output = tmp_path_factory.mktemp(engine) / "out.json"
        found[engine] = result(start(python, engine, output, EXPERIMENTS, *mmdet), output)
    return found


@pytest.mark.peer
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_run_equals_mmdets(name, results):
    ours, real = results["ours"][name], results["mmcv"][name]
    assert ("error" in real) == (name in REFUSED), real
    if name in REFUSED:
        assert "error" in ours
        return
    assert "error" not in ours, ours
    if isinstance(real, list):
        assert ours == real
        return
    for part in real:
        assert ours[part] == real[part], part


def of_several(engines, tmp_path, count, experiment_of):
    """What each process of each engine gives."""
    found = {}
    for engine, (python, *mmdet) in engines.items():
        experiments = {"several": experiment_of(str(tmp_path / engine))}
        outputs = [tmp_path / f"{engine}{rank}.json" for rank in range(count)]
        processes = [
            start(python, engine, output, experiments, *mmdet, RANK=str(rank), WORLD_SIZE=str(count))
            for rank, output in enumerate(outputs)
        ]
        found[engine] = [result(process, output)["several"] for process, output in zip(processes, outputs)]
    assert "error" not in found["mmcv"][0], found["mmcv"][0]
    return found


@pytest.mark.peer
@pytest.mark.parametrize("by_epoch", [True, False])
def test_two_processes_evaluate_as_mmcvs_do(by_epoch, engines, tmp_path):
    table = experiments_module()
    evaluation = {"interval": 1 if by_epoch else 4, "by_epoch": by_epoch, "save_best": "accuracy"}
    runner = table.EPOCHS if by_epoch else table.ITERS

    def experiment(folder):
        shared = {**evaluation, "tmpdir": f"{folder}.parts"}
        return {**table.of(runner=runner, evaluation=shared), "together": folder}

    found = of_several(engines, tmp_path, 2, experiment)
    for ours, real in zip(found["ours"], found["mmcv"]):
        assert "error" not in ours, ours
        for part in real:
            assert ours[part] == real[part], part
    assert any(name.startswith("work/best_accuracy") for name in found["ours"][0]["files"])
    assert not any(name.startswith("work/best_accuracy") for name in found["ours"][1]["files"])


@pytest.mark.peer
def test_three_processes_agree_as_mmdets_do(engines, tmp_path):
    found = of_several(engines, tmp_path, 3, lambda folder: {"meeting": folder, "hooks": HOOKS_OF_SEVERAL})
    assert found["ours"] == found["mmcv"]
    after_two_epochs = [states[1] for states, _ in found["ours"]]
    for part, is_averaged in enumerate((True, False, True)):
        assert (len({states[part] for states in after_two_epochs}) == 1) == is_averaged
