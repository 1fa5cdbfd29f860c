"""v2 code under the v3 Runner, unmodified. Importing this installs the bridges, so `custom_imports` suffices.

Where real mmengine trains, nothing is installed: a config names what it needs from here by its full name.
"""

from mmmigrate.compat.adapters.closed_form import ClosedFormLR, ClosedFormMomentum, real_mmengine_trains
from mmmigrate.compat.adapters.collate import V2Collate
from mmmigrate.compat.adapters.install import install
from mmmigrate.compat.adapters.metric import DatasetEvaluate
from mmmigrate.compat.adapters.sampler import GlobalRandomSampler, IterLoaderSampler

if not real_mmengine_trains():
    install()

__all__ = [
    "ClosedFormLR",
    "ClosedFormMomentum",
    "DatasetEvaluate",
    "GlobalRandomSampler",
    "IterLoaderSampler",
    "V2Collate",
    "install",
]
