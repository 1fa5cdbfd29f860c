"""v2 code under the v3 Runner, unmodified. Importing this installs the bridges, so `custom_imports` suffices.

Where real mmengine trains, nothing is installed: a config names what it needs from here by its full name.
"""

from mmmigrate.compat.adapters.closed_form import ClosedFormLR, ClosedFormMomentum
from mmmigrate.compat.adapters.collate import V2Collate
from mmmigrate.compat.adapters.constructor import (
    PartsOptimWrapperConstructor,
    RegexOptimWrapperConstructor,
    V2OptimWrapperConstructor,
)
from mmmigrate.compat.adapters.ema import V2EMAHook, V2ExpMomentumEMAHook, V2LinearMomentumEMAHook
from mmmigrate.compat.adapters.engine import real_mmengine_trains
from mmmigrate.compat.adapters.hook import V2Hook
from mmmigrate.compat.adapters.install import install
from mmmigrate.compat.adapters.loops import V2EpochBasedTrainLoop, V2IterBasedTrainLoop
from mmmigrate.compat.adapters.metric import DatasetEvaluate
from mmmigrate.compat.adapters.norm_statistics import V2NormStatisticsHook
from mmmigrate.compat.adapters.sampler import GlobalRandomSampler, IterLoaderSampler
from mmmigrate.compat.adapters.v3_hook import V3Hook
from mmmigrate.compat.adapters.v3_schedule import V3LrUpdaterHook

if not real_mmengine_trains():
    install()

__all__ = [
    "ClosedFormLR",
    "ClosedFormMomentum",
    "DatasetEvaluate",
    "GlobalRandomSampler",
    "IterLoaderSampler",
    "PartsOptimWrapperConstructor",
    "RegexOptimWrapperConstructor",
    "V2Collate",
    "V2EMAHook",
    "V2EpochBasedTrainLoop",
    "V2ExpMomentumEMAHook",
    "V2Hook",
    "V2IterBasedTrainLoop",
    "V2LinearMomentumEMAHook",
    "V2NormStatisticsHook",
    "V2OptimWrapperConstructor",
    "V3Hook",
    "V3LrUpdaterHook",
    "install",
]
