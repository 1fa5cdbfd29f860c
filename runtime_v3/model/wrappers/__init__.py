from mmmigrate.runtime_v3.model.wrappers.distributed import MMDistributedDataParallel, detect_anomalous_params
from mmmigrate.runtime_v3.model.wrappers.wrapper_check import is_model_wrapper

__all__ = ["MMDistributedDataParallel", "detect_anomalous_params", "is_model_wrapper"]
