"""The hooks: what acts on a run at its fixed points."""

from mmmigrate.runtime_v2.hooks.annealing import (
    annealing_cos,
    annealing_linear,
    format_param,
    get_position_from_periods,
)
from mmmigrate.runtime_v2.hooks.checkpoint import CheckpointHook
from mmmigrate.runtime_v2.hooks.checks import CheckInvalidLossHook, NumClassCheckHook
from mmmigrate.runtime_v2.hooks.closure import ClosureHook
from mmmigrate.runtime_v2.hooks.ema import BaseEMAHook, EMAHook, ExpMomentumEMAHook, LinearMomentumEMAHook
from mmmigrate.runtime_v2.hooks.epoch_switches import (
    SetEpochInfoHook,
    SyncNormHook,
    SyncRandomSizeHook,
    YOLOXModeSwitchHook,
)
from mmmigrate.runtime_v2.hooks.evaluation import DistEvalHook, EvalHook
from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.fp16_optimizer import Fp16OptimizerHook, GradientCumulativeFp16OptimizerHook
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook
from mmmigrate.runtime_v2.hooks.iter_timer import IterTimerHook
from mmmigrate.runtime_v2.hooks.logger import (
    ClearMLLoggerHook,
    DvcliveLoggerHook,
    LoggerHook,
    MlflowLoggerHook,
    NeptuneLoggerHook,
    PaviLoggerHook,
    SegmindLoggerHook,
    TensorboardLoggerHook,
    TextLoggerHook,
    WandbLoggerHook,
)
from mmmigrate.runtime_v2.hooks.logger.wandb_tables import MMDetWandbHook
from mmmigrate.runtime_v2.hooks.lr_cycles import (
    CosineRestartLrUpdaterHook,
    CyclicLrUpdaterHook,
    OneCycleLrUpdaterHook,
)
from mmmigrate.runtime_v2.hooks.lr_updater import (
    CosineAnnealingLrUpdaterHook,
    ExpLrUpdaterHook,
    FixedLrUpdaterHook,
    FlatCosineAnnealingLrUpdaterHook,
    InvLrUpdaterHook,
    LinearAnnealingLrUpdaterHook,
    LrUpdaterHook,
    PolyLrUpdaterHook,
    StepLrUpdaterHook,
)
from mmmigrate.runtime_v2.hooks.memory import EmptyCacheHook
from mmmigrate.runtime_v2.hooks.memory_profiler import MemoryProfilerHook
from mmmigrate.runtime_v2.hooks.momentum_updater import (
    CosineAnnealingMomentumUpdaterHook,
    CyclicMomentumUpdaterHook,
    LinearAnnealingMomentumUpdaterHook,
    MomentumUpdaterHook,
    OneCycleMomentumUpdaterHook,
    StepMomentumUpdaterHook,
)
from mmmigrate.runtime_v2.hooks.optimizer import GradientCumulativeOptimizerHook, OptimizerHook
from mmmigrate.runtime_v2.hooks.profiler import ProfilerHook
from mmmigrate.runtime_v2.hooks.sampler_seed import DistSamplerSeedHook
from mmmigrate.runtime_v2.hooks.sync_buffer import SyncBuffersHook
from mmmigrate.runtime_v2.hooks.yolox_lr import YOLOXLrUpdaterHook

__all__ = [
    "EXTRA_HOOKS",
    "HOOKS",
    "BaseEMAHook",
    "CheckInvalidLossHook",
    "CheckpointHook",
    "ClearMLLoggerHook",
    "ClosureHook",
    "CosineAnnealingLrUpdaterHook",
    "CosineAnnealingMomentumUpdaterHook",
    "CosineRestartLrUpdaterHook",
    "CyclicLrUpdaterHook",
    "CyclicMomentumUpdaterHook",
    "DistEvalHook",
    "DistSamplerSeedHook",
    "DvcliveLoggerHook",
    "EMAHook",
    "EmptyCacheHook",
    "EvalHook",
    "ExpLrUpdaterHook",
    "ExpMomentumEMAHook",
    "FixedLrUpdaterHook",
    "FlatCosineAnnealingLrUpdaterHook",
    "Fp16OptimizerHook",
    "GradientCumulativeFp16OptimizerHook",
    "GradientCumulativeOptimizerHook",
    "Hook",
    "InvLrUpdaterHook",
    "IterTimerHook",
    "LinearAnnealingLrUpdaterHook",
    "LinearAnnealingMomentumUpdaterHook",
    "LinearMomentumEMAHook",
    "LoggerHook",
    "LrUpdaterHook",
    "MMDetWandbHook",
    "MemoryProfilerHook",
    "MlflowLoggerHook",
    "MomentumUpdaterHook",
    "NeptuneLoggerHook",
    "NumClassCheckHook",
    "OneCycleLrUpdaterHook",
    "OneCycleMomentumUpdaterHook",
    "OptimizerHook",
    "PaviLoggerHook",
    "PolyLrUpdaterHook",
    "ProfilerHook",
    "SegmindLoggerHook",
    "SetEpochInfoHook",
    "StepLrUpdaterHook",
    "StepMomentumUpdaterHook",
    "SyncBuffersHook",
    "SyncNormHook",
    "SyncRandomSizeHook",
    "TensorboardLoggerHook",
    "TextLoggerHook",
    "WandbLoggerHook",
    "YOLOXLrUpdaterHook",
    "YOLOXModeSwitchHook",
    "annealing_cos",
    "annealing_linear",
    "format_param",
    "get_position_from_periods",
]
