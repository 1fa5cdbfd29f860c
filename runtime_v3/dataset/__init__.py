from mmmigrate.runtime_v3.dataset.base_dataset import BaseDataset, force_full_init
from mmmigrate.runtime_v3.dataset.collate import COLLATE_FUNCTIONS, default_collate, pseudo_collate, worker_init_fn
from mmmigrate.runtime_v3.dataset.compose import Compose
from mmmigrate.runtime_v3.dataset.dataset_wrapper import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmmigrate.runtime_v3.dataset.sampler import DefaultSampler, InfiniteSampler

__all__ = [
    "COLLATE_FUNCTIONS",
    "BaseDataset",
    "ClassBalancedDataset",
    "Compose",
    "ConcatDataset",
    "DefaultSampler",
    "InfiniteSampler",
    "RepeatDataset",
    "default_collate",
    "force_full_init",
    "pseudo_collate",
    "worker_init_fn",
]
