"""Checkpoints between the generations: weights, optimizer, schedule, averages, position, and nothing lost."""

from mmmigrate.compat.checkpoint.convert import Converted, Options, convert_checkpoint
from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.checkpoint.work_dir import ConvertedFile, convert_path

__all__ = ["CheckpointError", "Converted", "ConvertedFile", "Options", "convert_checkpoint", "convert_path"]
