"""v2 code under the v3 Runner, unmodified. Importing this installs the bridges, so `custom_imports` suffices."""

from .closed_form import ClosedFormLR, ClosedFormMomentum
from .collate import V2Collate
from .install import install
from .metric import DatasetEvaluate
from .sampler import GlobalRandomSampler, IterLoaderSampler

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
