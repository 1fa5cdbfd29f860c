from mmmigrate.compat.collection import paused_collection

# Imports leave no garbage, and to look for it among all of torch's objects takes 80 ms.
with paused_collection():
    from mmmigrate.compat.priority import Priority, get_priority
    from mmmigrate.runtime_v3.optim.casting import autocast
    from mmmigrate.runtime_v3.runner.base_loop import BaseLoop
    from mmmigrate.runtime_v3.runner.checkpoint import (
        CheckpointLoader,
        find_latest_checkpoint,
        get_state_dict,
        load_checkpoint,
        load_state_dict,
        save_checkpoint,
        weights_to_cpu,
    )
    from mmmigrate.runtime_v3.runner.environment import set_random_seed
    from mmmigrate.runtime_v3.runner.eval_loops import TestLoop, ValLoop
    from mmmigrate.runtime_v3.runner.log_processor import LogProcessor
    from mmmigrate.runtime_v3.runner.model_options import turn_on_activation_checkpointing
    from mmmigrate.runtime_v3.runner.model_zoo import (
        get_deprecated_model_names,
        get_external_models,
        get_mmcls_models,
        get_torchvision_models,
    )
    from mmmigrate.runtime_v3.runner.runner import Runner
    from mmmigrate.runtime_v3.runner.train_loops import EpochBasedTrainLoop, IterBasedTrainLoop

__all__ = [
    "BaseLoop",
    "CheckpointLoader",
    "EpochBasedTrainLoop",
    "IterBasedTrainLoop",
    "LogProcessor",
    "Priority",
    "Runner",
    "TestLoop",
    "ValLoop",
    "autocast",
    "find_latest_checkpoint",
    "get_deprecated_model_names",
    "get_external_models",
    "get_mmcls_models",
    "get_priority",
    "get_state_dict",
    "get_torchvision_models",
    "load_checkpoint",
    "load_state_dict",
    "save_checkpoint",
    "set_random_seed",
    "turn_on_activation_checkpointing",
    "weights_to_cpu",
]
