"""Runtime settings as other codebases write them, held to the same standard: real mmcv against real mmengine."""

from __future__ import annotations

from pathlib import Path

import pytest
from config.published.cases import collect
from config.published.measure import Measured, measure

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.generation import left_over

CODEBASES = Path(__file__).resolve().parents[2] / "fixtures" / "codebases"
CONFIGS = sorted(CODEBASES.rglob("*.py"))


@pytest.fixture(scope="module")
def measured(peer_v2: Path, peer_v3: Path) -> Measured:
    """All of them over whole runs, with epochs so long that warm-ups end."""
    cases, unreadable = collect(CODEBASES)
    assert unreadable == []
    return measure(cases, 15)


@pytest.mark.peer
def test_nothing_differs(measured: Measured) -> None:
    assert measured.different == []
    assert measured.refused == {}


@pytest.mark.peer
def test_every_one_is_compared(measured: Measured) -> None:
    assert measured.compared == len(CONFIGS) - 1  # all but the base
    assert measured.worst <= 1e-12


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_no_old_key_stays_without_a_finding(config: Path) -> None:
    result = ConfigConverter().convert(config)
    assert set(left_over(result.tree)) <= {note.key for note in result.notes}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_comment_survives(config: Path) -> None:
    new = ConfigConverter().convert(config).text
    comments = [line[line.index("#") :] for line in config.read_text().split("\n") if "#" in line]
    assert [comment for comment in comments if comment not in new] == []
