"""Checkpoints: reading and writing."""

from mmmigrate.runtime_v2.checkpoint.loading import (
    CheckpointLoader,
    _load_checkpoint,
    _load_checkpoint_with_prefix,
    load_checkpoint,
    load_state_dict,
)
from mmmigrate.runtime_v2.checkpoint.saving import get_state_dict, save_checkpoint, weights_to_cpu

__all__ = [
    "CheckpointLoader",
    "_load_checkpoint",
    "_load_checkpoint_with_prefix",
    "get_state_dict",
    "load_checkpoint",
    "load_state_dict",
    "save_checkpoint",
    "weights_to_cpu",
]
