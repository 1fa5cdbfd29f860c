"""Optimizers and how configs describe them."""

from mmmigrate.runtime_v2.optim.builder import (
    TORCH_OPTIMIZERS,
    build_optimizer,
    build_optimizer_constructor,
    build_optimizers,
)
from mmmigrate.runtime_v2.optim.default_constructor import DefaultOptimizerConstructor
from mmmigrate.runtime_v2.optim.layer_decay import LearningRateDecayOptimizerConstructor
from mmmigrate.runtime_v2.registries import OPTIMIZER_BUILDERS, OPTIMIZERS

__all__ = [
    "OPTIMIZERS",
    "OPTIMIZER_BUILDERS",
    "TORCH_OPTIMIZERS",
    "DefaultOptimizerConstructor",
    "LearningRateDecayOptimizerConstructor",
    "build_optimizer",
    "build_optimizer_constructor",
    "build_optimizers",
]
