"""Data sets and data loaders from a v2 config's `data`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler

from mmmigrate.runtime_v2.dist import get_dist_info
from mmmigrate.runtime_v2.parallel.collate import collate
from mmmigrate.runtime_v2.registries import DATASETS

LOADER_KEYS = ("train_dataloader", "val_dataloader", "test_dataloader")


def build_dataset(cfg: Mapping[str, Any], default_args: Mapping[str, Any] | None = None) -> Any:
    """The data set that `cfg` describes; a list gives their concatenation."""
    if isinstance(cfg, list | tuple):
        return torch.utils.data.ConcatDataset([build_dataset(each, default_args) for each in cfg])
    return DATASETS.build(dict(cfg), default_args=default_args)


def build_test_dataset(cfg: Any) -> Any:
    """The data set that `cfg` describes, told `test_mode=True` if its class takes that."""
    if isinstance(cfg, Mapping) and "samples_per_gpu" in cfg:
        cfg = {key: value for key, value in cfg.items() if key != "samples_per_gpu"}  # the loader's, see loader_options
    kind = cfg.get("type") if isinstance(cfg, Mapping) else None
    factory = DATASETS.get(kind) if isinstance(kind, str) else kind
    takes_mode = factory is not None and "test_mode" in signature(factory).parameters
    return build_dataset(cfg, {"test_mode": True} if takes_mode else None)


def build_dataloader(
    dataset: Dataset[Any],
    samples_per_gpu: int = 1,
    workers_per_gpu: int = 0,
    num_gpus: int = 1,
    dist: bool | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    drop_last: bool = False,
    pin_memory: bool = False,
    persistent_workers: bool = False,
    **kwargs: Any,
) -> DataLoader[Any]:
    """A loader of `samples_per_gpu` samples a batch.

    With `dist` (by default: if there are several processes) each process gets its share from a DistributedSampler
    seeded by `seed` and the epoch. Otherwise torch's own random sampler draws from the global generator, and
    `num_gpus` multiplies batch and workers.
    """
    rank, world_size = get_dist_info()
    if dist is None:
        dist = world_size > 1
    sampler: DistributedSampler[Any] | None = None
    if dist:
        sampler = DistributedSampler(dataset, world_size, rank, shuffle=shuffle, seed=seed or 0)
        shuffle, num_gpus = False, 1
    num_workers = num_gpus * workers_per_gpu
    init_fn = None if seed is None else partial(worker_init_fn, num_workers=num_workers, rank=rank, seed=seed)
    return DataLoader(
        dataset,
        batch_size=num_gpus * samples_per_gpu,
        sampler=sampler,
        shuffle=shuffle,
        num_workers=num_workers,
        collate_fn=partial(collate, samples_per_gpu=samples_per_gpu),
        pin_memory=pin_memory,
        drop_last=drop_last,
        worker_init_fn=init_fn,
        persistent_workers=persistent_workers and num_workers > 0,
        **kwargs,
    )


def loader_options(data: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The arguments of `build_dataloader` that a config's `data` gives for 'train', 'val' or 'test'.

    Keys at the top level of `data` serve all, `<mode>_dataloader` overrides them. Only training shuffles, drops and
    takes `samples_per_gpu` from there: mmdet and mmseg evaluate one sample at a time unless `<mode>_dataloader` (or,
    in older configs, the data set) says otherwise.
    """
    names = ("workers_per_gpu", "pin_memory", "persistent_workers")
    options = {name: data[name] for name in names if name in data}
    if mode == "train":
        options.update({name: data[name] for name in ("samples_per_gpu", "shuffle", "drop_last") if name in data})
    else:
        dataset = data.get(mode)
        own = dataset.get("samples_per_gpu", 1) if isinstance(dataset, Mapping) else 1
        options.update(shuffle=False, samples_per_gpu=own)
    options.update(data.get(f"{mode}_dataloader", {}))
    return options


def worker_init_fn(worker_id: int, num_workers: int, rank: int, seed: int) -> None:
    """Seed a worker process from the run's seed, its rank and its own number."""
    worker_seed = num_workers * rank + worker_id + seed
    np.random.seed(worker_seed)
    random.seed(worker_seed)
    torch.manual_seed(worker_seed)
