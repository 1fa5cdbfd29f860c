"""Converted configs beside the ones that the codebases' own authors made by hand of the same experiments."""

from __future__ import annotations

import pytest
from packs.agreement import TARGETED, leaves_of, measure
from packs.report import OURS, kind_of


@pytest.mark.peer
@pytest.mark.parametrize("codebase", TARGETED)
def test_packs_agree_with_the_authors_own_conversion(codebase: str) -> None:
    agreement = measure(codebase, every=9)
    assert len(agreement.scores) >= 18
    assert agreement.median >= 0.95
    assert agreement.worst_decile >= 0.85


def test_an_element_more_in_a_pipeline_shifts_no_other() -> None:
    short = {"train_dataloader": {"pipeline": [{"type": "A", "x": 1}, {"type": "C", "x": 2}]}}
    longer = {"train_dataloader": {"pipeline": [{"type": "A", "x": 1}, {"type": "B"}, {"type": "C", "x": 2}]}}
    assert leaves_of(longer).items() - leaves_of(short).items() == {("train_dataloader.pipeline[B].type", '"B"')}


def test_a_difference_without_a_known_reason_is_ours() -> None:
    assert kind_of("model.neck.in_channels", "1", "2")[0] == OURS
    assert kind_of("train_dataloader.persistent_workers", "-", "true")[0] == "equivalent"
