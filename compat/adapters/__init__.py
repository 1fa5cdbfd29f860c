"""v2 code under the v3 Runner, unmodified. Importing this installs the bridges, so `custom_imports` suffices."""

from mmmigrate.compat.adapters.closed_form import ClosedFormLR, ClosedFormMomentum
from mmmigrate.compat.adapters.collate import V2Collate
from mmmigrate.compat.adapters.install import install
from mmmigrate.compat.adapters.metric import DatasetEvaluate
from mmmigrate.compat.adapters.sampler import GlobalRandomSampler, IterLoaderSampler

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
