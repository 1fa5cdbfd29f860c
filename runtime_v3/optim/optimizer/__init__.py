from typing import Any

from mmmigrate.runtime_v3.optim.optimizer.amp_optimizer_wrapper import AmpOptimWrapper
from mmmigrate.runtime_v3.optim.optimizer.apex_optimizer_wrapper import ApexOptimWrapper
from mmmigrate.runtime_v3.optim.optimizer.base import BaseOptimWrapper
from mmmigrate.runtime_v3.optim.optimizer.builder import build_optim_wrapper
from mmmigrate.runtime_v3.optim.optimizer.default_constructor import DefaultOptimWrapperConstructor
from mmmigrate.runtime_v3.optim.optimizer.layer_decay import (
    LearningRateDecayOptimizerConstructor,
    LearningRateDecayOptimWrapperConstructor,
)
from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper import OptimWrapper
from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper_dict import OptimWrapperDict
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS

__all__ = [
    "OPTIMIZERS",
    "OPTIM_WRAPPER_CONSTRUCTORS",
    "AmpOptimWrapper",
    "ApexOptimWrapper",
    "BaseOptimWrapper",
    "DefaultOptimWrapperConstructor",
    "LearningRateDecayOptimWrapperConstructor",
    "LearningRateDecayOptimizerConstructor",
    "OptimWrapper",
    "OptimWrapperDict",
    "build_optim_wrapper",
]


def __getattr__(name: str) -> Any:
    if name == "ZeroRedundancyOptimizer":  # importing it takes over a second
        from mmmigrate.runtime_v3.optim.optimizer.zero_optimizer import ZeroRedundancyOptimizer

        return ZeroRedundancyOptimizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
