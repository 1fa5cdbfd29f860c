"""Samples → batch, and the seeds of the workers."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data._utils.collate import default_collate as torch_default_collate

from mmmigrate.runtime_v3.registry import FUNCTIONS
from mmmigrate.runtime_v3.structures import BaseDataElement

COLLATE_FUNCTIONS = FUNCTIONS


def worker_init_fn(
    worker_id: int, num_workers: int, rank: int, seed: int, disable_subprocess_warning: bool = False
) -> None:
    """Seeds numpy, random and torch of a worker with `num_workers * rank + worker_id + seed`."""
    worker_seed = num_workers * rank + worker_id + seed
    np.random.seed(worker_seed)
    random.seed(worker_seed)
    torch.manual_seed(worker_seed)
    if disable_subprocess_warning and worker_id != 0:
        warnings.simplefilter("ignore")


def pseudo_collate(data_batch: Sequence[Any]) -> Any:
    """Turns a list of samples inside out, without stacking: `[{a: 1}, {a: 2}]` becomes `{a: [1, 2]}`."""
    return _collate(data_batch, leaf=lambda entries: entries, whole=(str, bytes))


def default_collate(data_batch: Sequence[Any]) -> Any:
    """Turns a list of samples inside out and stacks tensors and numbers; data elements stay a list."""
    return _collate(data_batch, leaf=torch_default_collate, whole=(BaseDataElement, str, bytes))


def _collate(batch: Sequence[Any], leaf: Callable[[Sequence[Any]], Any], whole: tuple[type, ...]) -> Any:
    first = batch[0]
    kind: Any = type(first)
    if isinstance(first, whole):
        return batch
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*(_collate(entries, leaf, whole) for entries in zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError(
                f"samples of one batch have different lengths: {sorted({len(sample) for sample in batch})}"
            )
        collated = [_collate(entries, leaf, whole) for entries in zip(*batch)]
        if isinstance(first, tuple):
            return collated
        try:
            return kind(collated)
        except TypeError:  # a sequence that cannot be made from a list, such as range
            return collated
    if isinstance(first, Mapping):
        return kind({key: _collate([sample[key] for sample in batch], leaf, whole) for key in first})
    return leaf(batch)


FUNCTIONS.register_module(module=pseudo_collate)
FUNCTIONS.register_module(module=default_collate)
