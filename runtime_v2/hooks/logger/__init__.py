"""Loggers."""

from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook
from mmmigrate.runtime_v2.hooks.logger.pavi import PaviLoggerHook
from mmmigrate.runtime_v2.hooks.logger.services import (
    ClearMLLoggerHook,
    DvcliveLoggerHook,
    MlflowLoggerHook,
    NeptuneLoggerHook,
    SegmindLoggerHook,
    WandbLoggerHook,
)
from mmmigrate.runtime_v2.hooks.logger.tensorboard import TensorboardLoggerHook
from mmmigrate.runtime_v2.hooks.logger.text import TextLoggerHook

__all__ = [
    "ClearMLLoggerHook",
    "DvcliveLoggerHook",
    "LoggerHook",
    "MlflowLoggerHook",
    "NeptuneLoggerHook",
    "PaviLoggerHook",
    "SegmindLoggerHook",
    "TensorboardLoggerHook",
    "TextLoggerHook",
    "WandbLoggerHook",
]
