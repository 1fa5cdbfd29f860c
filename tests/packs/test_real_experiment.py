"""A published mmcls experiment and its conversion, trained by the real codebases of both generations."""

from __future__ import annotations

from pathlib import Path

import pytest
from packs.real.run import first_difference, train_new, train_old

ITERATIONS = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def old(folder: Path) -> list[dict[str, object]]:
    return train_old(folder, ITERATIONS)


@pytest.mark.peer
def test_the_conversion_trains_to_the_last_bit_where_the_crops_are_the_same(folder: Path, old: list) -> None:
    """mmpretrain draws the places of crops from numpy, mmcls from Python: the one thing that is made equal here."""
    assert len(old) == ITERATIONS
    assert first_difference(old, train_new(folder, ITERATIONS, ["crop"])) is None


@pytest.mark.peer
def test_what_differs_without_that_is_the_place_of_the_crop(folder: Path, old: list) -> None:
    new = train_new(folder, ITERATIONS)
    assert first_difference(old, new) == (1, "inputs")
    assert [step["labels"] for step in new] == [step["labels"] for step in old]
    assert [step["lr"] for step in new] == [step["lr"] for step in old]
