from mmmigrate.runtime_v3.model.wrappers.distributed import MMDistributedDataParallel, detect_anomalous_params
from mmmigrate.runtime_v3.model.wrappers.fully_sharded_distributed import MMFullyShardedDataParallel
from mmmigrate.runtime_v3.model.wrappers.separate_distributed import MMSeparateDistributedDataParallel
from mmmigrate.runtime_v3.model.wrappers.wrapper_check import is_model_wrapper

__all__ = [
    "MMDistributedDataParallel",
    "MMFullyShardedDataParallel",
    "MMSeparateDistributedDataParallel",
    "detect_anomalous_params",
    "is_model_wrapper",
]
