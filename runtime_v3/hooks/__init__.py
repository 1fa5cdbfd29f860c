from mmmigrate.runtime_v3.hooks.check_invalid_loss_hook import CheckInvalidLossHook
from mmmigrate.runtime_v3.hooks.checkpoint_hook import CheckpointHook
from mmmigrate.runtime_v3.hooks.detection_visualization_hook import DetVisualizationHook
from mmmigrate.runtime_v3.hooks.early_stopping_hook import EarlyStoppingHook
from mmmigrate.runtime_v3.hooks.ema_hook import EMAHook
from mmmigrate.runtime_v3.hooks.empty_cache_hook import EmptyCacheHook
from mmmigrate.runtime_v3.hooks.hook import Hook
from mmmigrate.runtime_v3.hooks.iter_timer_hook import IterTimerHook
from mmmigrate.runtime_v3.hooks.logger_hook import LoggerHook
from mmmigrate.runtime_v3.hooks.param_scheduler_hook import ParamSchedulerHook
from mmmigrate.runtime_v3.hooks.profiler_hook import ProfilerHook
from mmmigrate.runtime_v3.hooks.runtime_info_hook import RuntimeInfoHook
from mmmigrate.runtime_v3.hooks.sampler_seed_hook import DistSamplerSeedHook
from mmmigrate.runtime_v3.hooks.sync_buffer_hook import SyncBuffersHook
from mmmigrate.runtime_v3.hooks.test_time_aug_hook import PrepareTTAHook, build_runner_with_tta
from mmmigrate.runtime_v3.hooks.visualization_hook import NaiveVisualizationHook

__all__ = [
    "CheckInvalidLossHook",
    "CheckpointHook",
    "DetVisualizationHook",
    "DistSamplerSeedHook",
    "EMAHook",
    "EarlyStoppingHook",
    "EmptyCacheHook",
    "Hook",
    "IterTimerHook",
    "LoggerHook",
    "NaiveVisualizationHook",
    "ParamSchedulerHook",
    "PrepareTTAHook",
    "ProfilerHook",
    "RuntimeInfoHook",
    "SyncBuffersHook",
    "build_runner_with_tta",
]
