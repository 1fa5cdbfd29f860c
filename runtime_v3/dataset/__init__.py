from mmmigrate.runtime_v3.dataset.collate import COLLATE_FUNCTIONS, default_collate, pseudo_collate, worker_init_fn
from mmmigrate.runtime_v3.dataset.sampler import DefaultSampler, InfiniteSampler

__all__ = [
    "COLLATE_FUNCTIONS",
    "DefaultSampler",
    "InfiniteSampler",
    "default_collate",
    "pseudo_collate",
    "worker_init_fn",
]
