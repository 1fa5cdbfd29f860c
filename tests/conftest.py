"""Fixtures for all tests: the real libraries as oracles, each in an environment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from peers import environments


@pytest.fixture(scope="session")
def peer_v2() -> Path:
    """A python that has real mmcv 1.7.2."""
    return environments.python_of("v2")


@pytest.fixture(scope="session")
def peer_v3() -> Path:
    """A python that has real mmengine 0.10.7."""
    return environments.python_of("v3")


@pytest.fixture(scope="session")
def published_mmdet() -> Path:
    """The folder of the 666 configs that mmdet 2.28.2 published."""
    return environments.published_mmdet()
