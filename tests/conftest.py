"""Fixtures for all tests: the real libraries as oracles, each in an environment of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from peers import environments

# CI draws the same examples at every run and does not mind a slow machine; elsewhere each run draws new ones.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
if os.environ.get("CI"):
    settings.load_profile("ci")


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
