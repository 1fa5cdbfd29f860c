"""Loggers."""

from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook
from mmmigrate.runtime_v2.hooks.logger.tensorboard import TensorboardLoggerHook
from mmmigrate.runtime_v2.hooks.logger.text import TextLoggerHook

__all__ = ["LoggerHook", "TensorboardLoggerHook", "TextLoggerHook"]
