"""The tables of names against the real libraries: complete, and every new name can be imported."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from peers import environments

from mmmigrate.compat.cli import main
from mmmigrate.converters.code.symbols import Symbols, v2_symbols, v3_symbols

SCRIPT = Path(__file__).parent / "peers" / "public_names.py"


@pytest.fixture(scope="module")
def table() -> Symbols:
    table = v2_symbols()
    for root in table.roots:
        table.load(root)
    return table


def run_peer(python: Path, *args: object, path: Path | None = None) -> None:
    environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
    subprocess.run([python, SCRIPT, *map(str, args)], check=True, capture_output=True, env=environment)


def faults(python: Path, pairs: list[tuple[str, str]], folder: Path, path: Path | None = None) -> list[str]:
    file = folder / "pairs.json"
    file.write_text(json.dumps(pairs))
    run_peer(python, "--check", file, path=path)
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def mmcv_names(peer_v2: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Full names of everything public in real mmcv 1.7.2, by each module that has it."""
    file = tmp_path_factory.mktemp("names") / "mmcv.json"
    run_peer(peer_v2, "mmcv", file)
    names = [f"{module}.{name}" for module, found in json.loads(file.read_text()).items() for name in found]
    assert len(names) > 900
    return names


@pytest.mark.peer
def test_every_public_name_of_mmcv_is_in_the_table(mmcv_names: list[str], table: Symbols) -> None:
    assert [name for name in mmcv_names if table.get(name) is None] == []


@pytest.mark.peer
def test_every_path_of_a_name_leads_to_the_same_object(
    mmcv_names: list[str], table: Symbols, peer_v2: Path, tmp_path: Path
) -> None:
    pairs = [(name, symbol.path) for name in mmcv_names if (symbol := table.get(name))]
    assert faults(peer_v2, pairs, tmp_path) == []


@pytest.mark.peer
def test_every_new_name_can_be_imported(table: Symbols, peer_v3: Path, tmp_path: Path) -> None:
    new = {symbol.new for symbol in table.symbols.values() if symbol.path.startswith("mmcv.") and symbol.new}
    compiled = {name for name in new if name.startswith("mmcv.ops.")}
    mmcv2 = environments.published("mmcv-lite")
    assert faults(peer_v3, [(name, name) for name in sorted(new - compiled)], tmp_path, mmcv2) == []
    operators = ast.parse((mmcv2 / "mmcv" / "ops" / "__init__.py").read_text())
    listed = {node.value for node in ast.walk(operators) if isinstance(node, ast.Constant)}
    assert {name.rpartition(".")[2] for name in compiled} <= listed


def test_every_name_of_ours_can_be_imported(table: Symbols, tmp_path: Path) -> None:
    bridges = sorted({symbol.bridge for symbol in table.symbols.values() if symbol.bridge})
    assert len(bridges) > 70
    assert faults(Path(sys.executable), [(name, name) for name in bridges], tmp_path) == []


# What needs hardware or services that are not here, and what mmmigrate does in another way: left with a marker.
_NOT_ANSWERED = {
    *(f"mmengine.analysis.{name}" for name in ("ActivationAnalyzer", "FlopAnalyzer", "activation_count", "flop_count")),
    *(f"mmengine.analysis.{name}" for name in ("parameter_count", "parameter_count_table")),
    "mmengine.analysis.get_model_complexity_info",
    "mmengine.hooks.NPUProfilerHook",
    "mmengine.runner.FlexibleRunner",
    "mmengine.utils.get_object_from_string",
}


@pytest.mark.peer
def test_every_public_name_of_mmengine_has_an_answer_on_the_way_back(peer_v3: Path, tmp_path: Path) -> None:
    back, file = v3_symbols(), tmp_path / "mmengine.json"
    run_peer(peer_v3, "mmengine", file)
    found = {
        f"{module}.{name}"
        for module, names in json.loads(file.read_text()).items()
        for name in names
        if module.count(".") == 1 and not module.startswith(("mmengine._", "mmengine.version"))
    }
    assert len(found) > 300
    assert {name for name in found if back.get(name) is None} == _NOT_ANSWERED
    ours = sorted({symbol.bridge for symbol in back.symbols.values() if symbol.bridge})
    assert faults(Path(sys.executable), [(name, name) for name in ours], tmp_path) == []


def test_what_is_gone_says_what_to_do(table: Symbols) -> None:
    silent = [path for path, symbol in table.symbols.items() if symbol.new is None and not symbol.note]
    assert silent == []


def explain(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["explain", *args])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("mmcv.parallel.collate", "mmengine.dataset.pseudo_collate"),
        ("mmcv.runner.hooks.hook.Hook", "from mmengine.hooks import Hook"),
        ("mmcv.Config", "from mmengine.config import Config"),
        ("mmcv.Config.fromfile", "from mmengine.config import Config"),
        ("mmcv.imread", "kept: mmcv.imread"),
        ("mmcv.runner", "a module"),
        ("mmcv.runner.OPTIMIZER_BUILDERS", "OPTIM_WRAPPER_CONSTRUCTORS"),
        ("mmdet.datasets.PIPELINES", "from mmdet.registry import TRANSFORMS"),
        ("mmdet.models.builder.build_backbone", "MODELS.build(cfg), from mmdet.registry import MODELS"),
        ("mmcls.models.builder.CLASSIFIERS", "from mmpretrain.registry import MODELS"),
        ("mmdet.core.multi_apply", "from mmdet.models.utils import multi_apply"),
        ("get_dist_info", "from mmengine.dist import get_dist_info"),
    ],
)
def test_explain_answers_for_a_name(name: str, answer: str) -> None:
    code, output = explain(name)
    assert code == 0
    assert answer in output


def test_explain_suggests_near_names() -> None:
    code, output = explain("mmcv.runer.Hook")
    assert code == 2
    assert "did you mean mmcv.runner.Hook?" in output
    assert explain("mmcv.parallel.colate")[1].count("mmcv.parallel.collate") >= 1


def test_explain_answers_for_every_name(table: Symbols) -> None:
    from mmmigrate.compat.cli.symbol import explain_symbol

    for path in table.symbols:
        explain_symbol(path)
