"""Optimizer wrappers, which need torch and are imported when they are asked for, and schedulers, which do not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v3.optim.scheduler import (
    ConstantLR,
    ConstantMomentum,
    ConstantParamScheduler,
    CosineAnnealingLR,
    CosineAnnealingMomentum,
    CosineAnnealingParamScheduler,
    CosineRestartLR,
    CosineRestartMomentum,
    CosineRestartParamScheduler,
    ExponentialLR,
    ExponentialMomentum,
    ExponentialParamScheduler,
    LinearLR,
    LinearMomentum,
    LinearParamScheduler,
    MultiStepLR,
    MultiStepMomentum,
    MultiStepParamScheduler,
    OneCycleLR,
    OneCycleParamScheduler,
    PolyLR,
    PolyMomentum,
    PolyParamScheduler,
    ReduceOnPlateauLR,
    ReduceOnPlateauMomentum,
    ReduceOnPlateauParamScheduler,
    StepLR,
    StepMomentum,
    StepParamScheduler,
    _ParamScheduler,
)
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.optim.casting import autocast
    from mmmigrate.runtime_v3.optim.optimizer import (
        AmpOptimWrapper,
        ApexOptimWrapper,
        BaseOptimWrapper,
        DefaultOptimWrapperConstructor,
        LearningRateDecayOptimizerConstructor,
        LearningRateDecayOptimWrapperConstructor,
        OptimWrapper,
        OptimWrapperDict,
        build_optim_wrapper,
    )

__all__ = [
    "OPTIMIZERS",
    "OPTIM_WRAPPER_CONSTRUCTORS",
    "AmpOptimWrapper",
    "ApexOptimWrapper",
    "BaseOptimWrapper",
    "ConstantLR",
    "ConstantMomentum",
    "ConstantParamScheduler",
    "CosineAnnealingLR",
    "CosineAnnealingMomentum",
    "CosineAnnealingParamScheduler",
    "CosineRestartLR",
    "CosineRestartMomentum",
    "CosineRestartParamScheduler",
    "DefaultOptimWrapperConstructor",
    "ExponentialLR",
    "ExponentialMomentum",
    "ExponentialParamScheduler",
    "LearningRateDecayOptimWrapperConstructor",
    "LearningRateDecayOptimizerConstructor",
    "LinearLR",
    "LinearMomentum",
    "LinearParamScheduler",
    "MultiStepLR",
    "MultiStepMomentum",
    "MultiStepParamScheduler",
    "OneCycleLR",
    "OneCycleParamScheduler",
    "OptimWrapper",
    "OptimWrapperDict",
    "PolyLR",
    "PolyMomentum",
    "PolyParamScheduler",
    "ReduceOnPlateauLR",
    "ReduceOnPlateauMomentum",
    "ReduceOnPlateauParamScheduler",
    "StepLR",
    "StepMomentum",
    "StepParamScheduler",
    "_ParamScheduler",
    "autocast",
    "build_optim_wrapper",
]


def __getattr__(name: str) -> Any:
    if name not in (*__all__, "ZeroRedundancyOptimizer"):  # which takes a second to import: not for `import *`
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{'casting' if name == 'autocast' else 'optimizer'}")
    return getattr(module, name)


def _registered_later(registry: Any) -> None:
    def find(name: str) -> Any:
        import_module(f"{__name__}.optimizer")
        return registry.module_dict.get(name)

    registry.on_missing.append(find)


for _registry in (OPTIMIZERS, OPTIM_WRAPPERS, OPTIM_WRAPPER_CONSTRUCTORS):
    _registered_later(_registry)
