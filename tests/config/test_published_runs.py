"""Published experiments train as they did: real mmcv's hooks on the old side, a real mmengine Runner on the new one.

Every distinct run of three codebases that is short enough to try here; `config.published.measure` does all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from config.published.cases import collect
from config.published.codebase import configs_of, hook_files
from config.published.measure import Measured, measure, total_iters
from config.published.texts import check_texts
from peers.environments import published

pytestmark = pytest.mark.peer

# iterations per epoch (so that warm-ups end), the longest run to try, experiments to be reached, files with hooks
CODEBASES = {
    "mmdet": (60, 1500, 500, ["core/evaluation/eval_hooks.py", "core/hook/yolox_lrupdater_hook.py"]),
    "mmcls": (12, 2400, 160, ["core/hook/lr_updater.py"]),
    "mmseg": (60, 20_000, 20, []),
}
# A codebase that nothing here was made for, with its own updaters and constructors, found in its wheel
SAMPLE = "mmselfsup"


@pytest.fixture(scope="module", params=CODEBASES)
def measured(request: pytest.FixtureRequest, peer_v2: Path, peer_v3: Path) -> tuple[str, Measured]:
    """The codebase and what its runs gave; with the default choice of schedulers."""
    length, longest, _, hooks = CODEBASES[request.param]
    package = published(request.param) / request.param
    cases, _ = collect(package / ".mim" / "configs")
    short = [case for case in cases if total_iters(case, length) <= longest]
    return request.param, measure(short, length, [package / hook for hook in hooks])


def test_nothing_differs(measured: tuple[str, Measured]) -> None:
    """Rates, momenta, length, steps, groups, clipping, accumulation, loss scale, evaluations, checkpoints."""
    assert measured[1].different == []


def test_rates_and_momenta_are_equal_to_1e_12_of_the_peak(measured: tuple[str, Measured]) -> None:
    assert measured[1].worst <= 1e-12


def test_nearly_all_experiments_were_reached(measured: tuple[str, Measured]) -> None:
    codebase, result = measured
    assert result.compared >= CODEBASES[codebase][2]
    assert result.by_hook == []


def test_another_codebase_is_measured_as_its_wheel_has_it(peer_v2: Path, peer_v3: Path) -> None:
    package = published(SAMPLE) / SAMPLE
    cases, unreadable = collect(configs_of(package))
    short = [case for case in cases if total_iters(case, 4) <= 1200]
    result = measure(short[::3], 4, hook_files(package))
    assert (unreadable, result.by_hook, result.different) == ([], [], [])
    assert result.compared > 20
    assert result.worst <= 1e-12


def test_its_text_keeps_its_comments_and_loads_in_real_mmengine(tmp_path: Path) -> None:
    texts = check_texts(configs_of(published(SAMPLE) / SAMPLE), tmp_path)
    assert (texts.refused, texts.different) == ({}, [])
    assert texts.kept == texts.comments > 500


def test_exact_schedules_are_equal_bit_for_bit(peer_v2: Path, peer_v3: Path) -> None:
    package = published("mmcls") / "mmcls"
    cases, _ = collect(package / ".mim" / "configs", "exact")
    result = measure(cases[::4], 3, [package / "core/hook/lr_updater.py"])
    assert result.compared > 30
    assert (result.worst, result.different) == (0.0, [])
