from mmmigrate.runtime_v3.hooks.checkpoint_hook import CheckpointHook
from mmmigrate.runtime_v3.hooks.hook import Hook
from mmmigrate.runtime_v3.hooks.iter_timer_hook import IterTimerHook
from mmmigrate.runtime_v3.hooks.logger_hook import LoggerHook
from mmmigrate.runtime_v3.hooks.param_scheduler_hook import ParamSchedulerHook
from mmmigrate.runtime_v3.hooks.runtime_info_hook import RuntimeInfoHook
from mmmigrate.runtime_v3.hooks.sampler_seed_hook import DistSamplerSeedHook

__all__ = [
    "CheckpointHook",
    "DistSamplerSeedHook",
    "Hook",
    "IterTimerHook",
    "LoggerHook",
    "ParamSchedulerHook",
    "RuntimeInfoHook",
]
