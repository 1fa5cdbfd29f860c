"""From the config of a data loader to the loader."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from torch.utils.data import DataLoader

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v3.dataset import worker_init_fn as default_worker_init_fn
from mmmigrate.runtime_v3.dist import get_rank, get_world_size
from mmmigrate.runtime_v3.registry import DATA_SAMPLERS, DATASETS, FUNCTIONS


class _SlicedDataset:
    """The first `length` samples of a data set."""

    def __init__(self, dataset: Any, length: int) -> None:
        self._dataset = dataset
        self._length = length

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # workers copy it before `_dataset` is there
        return getattr(self._dataset, name)

    def __getitem__(self, idx: int) -> Any:
        return self._dataset[idx]

    def __len__(self) -> int:
        return self._length


def build_dataloader(
    dataloader: DataLoader[Any] | dict[str, Any], seed: int | None = None, diff_rank_seed: bool = False
) -> DataLoader[Any]:
    """The loader for a config: DataLoader's arguments with `dataset`, `sampler`, `batch_sampler`, `collate_fn` and
    `worker_init_fn` as configs or objects, and `num_batch_per_epoch`, which shortens the data set.

    `seed` goes to sampler and workers; with `diff_rank_seed` the sampler draws one of its own.
    """
    if isinstance(dataloader, DataLoader):
        return dataloader
    cfg = copy.deepcopy(dict(dataloader))
    for needed in ("dataset", "sampler"):
        if needed not in cfg:
            raise KeyError(f"the dataloader's config has no {needed!r}, only {sorted(cfg)}")
    dataset = cfg.pop("dataset")
    if isinstance(dataset, dict):
        dataset = DATASETS.build(dataset)
        if hasattr(dataset, "full_init"):
            dataset.full_init()
    batches = cfg.pop("num_batch_per_epoch", None)
    if batches is not None:
        dataset = _SlicedDataset(dataset, batches * _batch_size(cfg) * get_world_size())
    sampler = cfg.pop("sampler")
    if isinstance(sampler, dict):
        own = {"dataset": dataset, "seed": None if diff_rank_seed else seed}
        sampler = DATA_SAMPLERS.build(sampler, default_args=own)
    batch_sampler = cfg.pop("batch_sampler", None)
    if isinstance(batch_sampler, dict):
        own = {"sampler": sampler, "batch_size": cfg.pop("batch_size")}
        batch_sampler = DATA_SAMPLERS.build(batch_sampler, default_args=own)
    init_fn = _worker_init_fn(cfg, seed)
    collate_fn = _function(cfg.pop("collate_fn", {"type": "pseudo_collate"}), "collate_fn")
    return DataLoader(
        dataset=dataset,
        sampler=sampler if batch_sampler is None else None,
        batch_sampler=batch_sampler,
        collate_fn=collate_fn,
        worker_init_fn=init_fn,
        **cfg,
    )


def _worker_init_fn(cfg: dict[str, Any], seed: int | None) -> Any:
    quiet = cfg.pop("disable_subprocess_warning", False)
    if "worker_init_fn" in cfg:
        return _function(cfg.pop("worker_init_fn"), "worker_init_fn")
    if seed is None:
        return None
    if not isinstance(quiet, bool):
        raise ArgumentTypeError(f"disable_subprocess_warning must be True or False, got {quiet!r}")
    return partial(
        default_worker_init_fn,
        num_workers=cfg.get("num_workers", 0),
        rank=get_rank(),
        seed=seed,
        disable_subprocess_warning=quiet,
    )


def _function(given: Any, name: str) -> Any:
    if isinstance(given, dict):
        arguments = dict(given)
        kind = arguments.pop("type")
        function = FUNCTIONS.get(kind) if isinstance(kind, str) else kind
        if not callable(function):
            raise KeyError(
                f"{name}: {kind!r} is not registered in FUNCTIONS; there are {sorted(FUNCTIONS.module_dict)}"
            )
        return partial(function, **arguments)
    if callable(given):
        return given
    raise TypeError(f"{name} must be a dict with its type, or a function, got {given!r}")


def _batch_size(cfg: dict[str, Any]) -> int:
    size = cfg.get("batch_size") or (cfg.get("batch_sampler") or {}).get("batch_size")
    if size is None:
        raise ValueError("num_batch_per_epoch needs batch_size in the dataloader or in its batch_sampler")
    return int(size)
