"""The custom hooks, schedules, optimizers and constructors of mmdet 2.28.2, mmcls 0.25.0 and mmseg 0.30.0.

Each runs as published in real mmcv and in runtime_v2, and converted in runtime_v3 and in real mmengine: the same bits.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from differential.runs import OLD, Case, Tree, differences, run_everywhere
from peers import environments

FILES = {
    "mmdet": [
        "mmdet/core/evaluation/eval_hooks.py",
        "mmdet/core/hook/checkloss_hook.py",
        "mmdet/core/hook/ema.py",
        "mmdet/core/hook/memory_profiler_hook.py",
        "mmdet/core/hook/set_epoch_info_hook.py",
        "mmdet/core/hook/sync_norm_hook.py",
        "mmdet/core/hook/sync_random_size_hook.py",
        "mmdet/core/hook/wandblogger_hook.py",
        "mmdet/core/hook/yolox_lrupdater_hook.py",
        "mmdet/core/hook/yolox_mode_switch_hook.py",
        "mmdet/core/optimizers/builder.py",
        "mmdet/core/optimizers/layer_decay_optimizer_constructor.py",
        "mmdet/core/utils/dist_utils.py",
        "mmdet/datasets/utils.py",
    ],
    "mmcls": [
        "mmcls/core/evaluation/eval_hooks.py",
        "mmcls/core/hook/class_num_check_hook.py",
        "mmcls/core/hook/lr_updater.py",
        "mmcls/core/hook/precise_bn_hook.py",
        "mmcls/core/hook/wandblogger_hook.py",
        "mmcls/core/optimizers/lamb.py",
        "mmcls/core/utils/dist_utils.py",
    ],
    "mmseg": [
        "mmseg/core/builder.py",
        "mmseg/core/evaluation/eval_hooks.py",
        "mmseg/core/hook/wandblogger_hook.py",
        "mmseg/core/optimizers/layer_decay_optimizer_constructor.py",
    ],
}
BY_EPOCH = {"by_epoch": True}
WITH_V2_MODEL = {"model": "v2"}  # it runs the model the v2 way: the model is behind the bridge as well


def decayed(constructor: str, **paramwise) -> dict:
    return {"type": "AdamW", "lr": 0.01, "weight_decay": 0.05, "constructor": constructor, "paramwise_cfg": paramwise}


CASES = [
    Case("mmdet.core.hook.checkloss_hook", "CheckInvalidLossHook", args={"interval": 2}),
    Case("mmdet.core.hook.ema", "ExpMomentumEMAHook", args={"total_iter": 5, "momentum": 0.1}),
    Case(
        "mmdet.core.hook.ema",
        "LinearMomentumEMAHook",
        args={"warm_up": 3, "momentum": 0.3, "interval": 2, "skip_buffers": True},
    ),
    Case("mmdet.core.hook.memory_profiler_hook", "MemoryProfilerHook", args={"interval": 2}),
    Case("mmdet.core.hook.set_epoch_info_hook", "SetEpochInfoHook"),
    Case("mmdet.core.hook.sync_norm_hook", "SyncNormHook", args={"num_last_epochs": 1, "interval": 2}),
    Case("mmdet.core.hook.sync_random_size_hook", "SyncRandomSizeHook", args={"device": "cpu", "ratio_range": [3, 3]}),
    Case(
        "mmdet.core.hook.yolox_lrupdater_hook",
        "YOLOXLrUpdaterHook",
        "schedule",
        {"num_last_epochs": 1, "min_lr_ratio": 0.05, "by_epoch": False, "warmup": "exp", "warmup_iters": 4},
    ),
    Case("mmdet.core.hook.yolox_mode_switch_hook", "YOLOXModeSwitchHook", args={"num_last_epochs": 2}),
    Case("mmdet.datasets.utils", "NumClassCheckHook"),
    Case(
        "mmdet.core.optimizers.layer_decay_optimizer_constructor",
        "LearningRateDecayOptimizerConstructor",
        "constructor",
        options={
            "backbone": "ConvNeXt",
            "optimizer": decayed(
                "mmdet.LearningRateDecayOptimizerConstructor", num_layers=6, decay_rate=0.7, decay_type="layer_wise"
            ),
        },
    ),
    Case("mmcls.core.hook.class_num_check_hook", "ClassNumCheckHook"),
    Case(
        "mmcls.core.hook.class_num_check_hook", "ClassNumCheckHook", options={"by_epoch": False}, about="by iteration"
    ),
    Case(
        "mmcls.core.hook.lr_updater",
        "CosineAnnealingCooldownLrUpdaterHook",
        "schedule",
        {"min_lr_ratio": 0.1, "cool_down_time": 2},
    ),
    Case(
        "mmcls.core.hook.lr_updater",
        "CosineAnnealingCooldownLrUpdaterHook",
        "schedule",
        {"min_lr": 0.001, "cool_down_time": 3, "by_epoch": False, "warmup": "linear", "warmup_iters": 3},
        {"by_epoch": False},
        "by iteration",
    ),
    Case(
        "mmcls.core.optimizers.lamb",
        "Lamb",
        "optimizer",
        options={"optimizer": {"type": "Lamb", "lr": 0.01, "weight_decay": 0.1}},
    ),
    Case(
        "mmseg.core.optimizers.layer_decay_optimizer_constructor",
        "LayerDecayOptimizerConstructor",
        "constructor",
        options={
            "backbone": "BEiT",
            "optimizer": decayed("mmseg.LayerDecayOptimizerConstructor", num_layers=3, layer_decay_rate=0.7),
        },
    ),
    Case(
        "mmseg.core.optimizers.layer_decay_optimizer_constructor",
        "LearningRateDecayOptimizerConstructor",
        "constructor",
        options={
            "backbone": "ConvNeXt",
            "optimizer": decayed(
                "mmseg.LearningRateDecayOptimizerConstructor", num_layers=6, decay_rate=0.7, decay_type="stage_wise"
            ),
        },
    ),
]
CASES += [
    Case(f"{codebase}.core.utils.dist_utils", "DistOptimizerHook", "optimizer_hook", {"grad_clip": {"max_norm": 0.5}})
    for codebase in ("mmdet", "mmcls")
]
CASES += [
    Case(f"{codebase}.core.evaluation.eval_hooks", name, "evaluation", {**given, **BY_EPOCH}, options, about)
    for codebase, own in (
        ("mmdet", {"dynamic_intervals": [(1, 1), (3, 2)], "start": 1}),
        ("mmcls", {"start": 0}),
        ("mmseg", {"pre_eval": True}),
    )
    for name, options in (("EvalHook", WITH_V2_MODEL), ("DistEvalHook", {**WITH_V2_MODEL, "distributed": True}))
    for about, given in (
        ("", {}),
        ("with its own arguments", own),
        ("best", {"save_best": "mean", "rule": "less", "interval": 2}),
    )
]
ADAPTED = [
    Case("mmcls.core.hook.precise_bn_hook", "PreciseBNHook", args={"num_samples": 4}, options=WITH_V2_MODEL),
]

TRACKED = {"log_checkpoint": True, "log_checkpoint_metadata": True, "num_eval_images": 0, "interval": 2}
ADAPTED += [
    Case(
        f"{codebase}.core.hook.wandblogger_hook",
        name,
        "logger",
        TRACKED,
        {**WITH_V2_MODEL, "evaluation": f"{codebase}.core.evaluation.eval_hooks"},
    )
    for codebase, name in (("mmdet", "MMDetWandbHook"), ("mmcls", "MMClsWandbHook"), ("mmseg", "MMSegWandbHook"))
]
SERVICE = """
CALLS = []
__version__ = '0.16.0'


class Note:

    def __init__(self, *args, **kwargs):
        CALLS.append([type(self).__name__, args, kwargs])

    def add_file(self, path):
        with open(path, 'rb') as file:
            assert file.read(2)
        CALLS.append(['add_file', path])


class Artifact(Note):
    pass


class run:
    id = 'one'


def __getattr__(name):
    if name.startswith('__'):
        raise AttributeError(name)

    def note(*args, **kwargs):
        shown = [type(arg).__name__ if isinstance(arg, Note) else arg for arg in args]
        CALLS.append([name, shown, {key: str(value) for key, value in kwargs.items()}])

    return note
"""

_MEMORY = "types.SimpleNamespace(available=5 << 20, used=7 << 20, percent=58.3, total=9 << 20)"
_PROCESS = "lambda *_: types.SimpleNamespace(memory_info=lambda: types.SimpleNamespace(rss=300 << 20))"
_EMPTY = "type('Empty', (), {})"
_TEST = "lambda model, loader, **_: [one for data in loader for one in model(return_loss=False, **data)]"
_UTILS = {
    "get_root_logger": "lambda *_, **__: logging.Logger('quiet')",
    "auto_select_device": "lambda: 'cpu'",
    "register_all_modules": "lambda *_: None",
}


def stubs() -> dict[str, dict]:
    """Packages with the folders of the files above, and stand-ins for what they import and do not use here."""
    made: dict[str, dict] = {}
    for files in FILES.values():
        for file in files:
            parts = file.split("/")[:-1]
            for end in range(1, len(parts) + 1):
                made[".".join(parts[:end])] = {"folder": "/".join(parts[:end])}
    for codebase in FILES:
        made[f"{codebase}.utils"] = {"names": _UTILS}
        made[f"{codebase}.core.mask"] = {}
        made[f"{codebase}.core.mask.structures"] = {"names": {"polygon_to_bitmap": "None"}}
        made[codebase + ".core"]["names_from"] = f"{codebase}.core.evaluation.eval_hooks"
        made[f"{codebase}.apis"] = {"names": {"single_gpu_test": _TEST, "multi_gpu_test": _TEST}}
    made["pycocotools"] = made["pycocotools.mask"] = {}
    made["mmdet.datasets.builder"] = {"names": {"PIPELINES": "None"}}
    loading = ("LoadAnnotations", "LoadImageFromFile", "LoadPanopticAnnotations")
    made["mmdet.datasets.pipelines"] = {"names": dict.fromkeys(loading, "None")}
    made["mmdet.models"] = made["mmdet.models.roi_heads"] = {}
    made["mmdet.models.dense_heads"] = {"names": {"RPNHead": _EMPTY, "GARPNHead": _EMPTY}}
    made["mmdet.models.roi_heads.mask_heads"] = {"names": {"FusedSemanticHead": _EMPTY}}
    memory = {"virtual_memory": f"lambda: {_MEMORY}", "swap_memory": f"lambda: {_MEMORY}", "Process": _PROCESS}
    made["psutil"] = {"names": memory}
    made["memory_profiler"] = {"names": {"memory_usage": "lambda: [300.0]"}}
    return made


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Tree:
    made = Tree(tmp_path_factory.mktemp("published"))
    for codebase, files in FILES.items():
        made.add(environments.published(codebase), files)
    made.add_text("wandb", SERVICE)
    return made


@pytest.fixture(scope="module")
def results(tree: Tree, peer_v2: Path, peer_v3: Path) -> dict:
    missing = {"mmcv.cnn": {"VGG": _EMPTY}}
    return run_everywhere(peer_v2, peer_v3, tree, [*CASES, *ADAPTED], stubs(), missing)


@pytest.mark.parametrize("engine", ["mmcv", "runtime_v3", "mmengine"])
@pytest.mark.parametrize("case", [*CASES, *ADAPTED], ids=lambda case: case.name)
def test_the_converted_class_trains_to_the_same_bits(results: dict, case: Case, engine: str) -> None:
    assert differences(results["runtime_v2"][case.name], results[engine][case.name]) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_translated_class_is_v3_code(tree: Tree, case: Case) -> None:
    """It needs no v2 name: of mmmigrate only the bases of schedules and validation loops."""
    file = tree.folder / "new" / f"{case.module.replace('.', '/')}.py"
    lines = [
        line for line in file.read_text().splitlines() if "import" in line and ("mmcv" in line or "mmmigrate" in line)
    ]
    allowed = (
        "from mmmigrate.compat.adapters.updater",
        "from mmmigrate.compat.adapters.evaluation",
        "from mmmigrate.compat.adapters.v2 import annealing_cos",
        "from mmcv.cnn",
    )
    assert [line for line in lines if not line.startswith(allowed)] == []


def test_what_is_not_the_same_is_found(results: dict) -> None:
    """The comparison can fail: two hooks that do different things differ."""
    one, other = results[OLD[1]][CASES[1].name], results["mmengine"][CASES[2].name]
    assert differences(one, other) != []
