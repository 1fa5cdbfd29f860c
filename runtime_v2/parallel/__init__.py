"""Batches and models across devices: what mmcv calls `mmcv.parallel`."""

from mmmigrate.runtime_v2.parallel.collate import collate
from mmmigrate.runtime_v2.parallel.container import DataContainer
from mmmigrate.runtime_v2.parallel.data_parallel import MMDataParallel
from mmmigrate.runtime_v2.parallel.distributed import MMDistributedDataParallel
from mmmigrate.runtime_v2.parallel.scatter import scatter, scatter_kwargs
from mmmigrate.runtime_v2.parallel.wrappers import is_module_wrapper, unwrapped
from mmmigrate.runtime_v2.registries import MODULE_WRAPPERS

__all__ = [
    "MODULE_WRAPPERS",
    "DataContainer",
    "MMDataParallel",
    "MMDistributedDataParallel",
    "collate",
    "is_module_wrapper",
    "scatter",
    "scatter_kwargs",
    "unwrapped",
]
