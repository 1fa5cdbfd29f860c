"""The custom hooks, schedules, optimizers and constructors of mmdet 2.28.2, mmcls 0.25.0 and mmseg 0.30.0.

Each runs as published in real mmcv and in runtime_v2, and converted in runtime_v3 and in real mmengine: the same bits.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from differential.published import ADAPTED, CASES, FILES
from differential.runs import OLD, Case, Tree, differences, run_everywhere
from peers import environments

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
