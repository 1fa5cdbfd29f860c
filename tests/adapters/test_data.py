import copy
import gc
from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader

from mmmigrate.compat.adapters import GlobalRandomSampler, IterLoaderSampler, V2Collate
from mmmigrate.compat.adapters.batch import opened
from mmmigrate.compat.adapters.dataset import adapted_dataset, remembered
from mmmigrate.compat.trace.digest import value_digest, whole_batch
from mmmigrate.runtime_v2 import project_registries
from mmmigrate.runtime_v2.parallel import collate
from mmmigrate.runtime_v2.registries import DATASETS as V2_DATASETS
from mmmigrate.runtime_v2.registries import MODELS as V2_MODELS
from mmmigrate.runtime_v2.registries import PIPELINES as V2_PIPELINES
from mmmigrate.runtime_v2.registry import Registry
from mmmigrate.runtime_v3.dataset import ConcatDataset, RepeatDataset, pseudo_collate
from mmmigrate.runtime_v3.registry import DATASETS

OF_A_PROJECT = Registry("dataset")


@OF_A_PROJECT.register_module()
class Shelf:
    pass


@pytest.mark.parametrize("sampler", [GlobalRandomSampler, IterLoaderSampler])
def test_the_order_and_the_random_numbers_used_are_those_of_a_v2_loader(project, sampler):
    points, _ = project
    torch.manual_seed(5)
    old = [batch.tolist() for _ in range(3) for batch in DataLoader(range(7), 3, shuffle=True)]
    after_old = torch.rand(1)
    torch.manual_seed(5)
    new = [batch.tolist() for _ in range(3) for batch in DataLoader(range(7), 3, sampler=sampler(points()))]
    assert new == old
    assert torch.equal(torch.rand(1), after_old)


def test_a_sampler_that_should_not_shuffle_is_refused_with_the_one_to_use(project):
    with pytest.raises(ValueError, match="DefaultSampler"):
        GlobalRandomSampler(project[0](), shuffle=False)


@pytest.mark.parametrize("collate_fn", [pseudo_collate, partial(V2Collate, samples_per_gpu=3)])
@pytest.mark.parametrize("num_workers", [0, 1])
def test_batches_are_collated_as_in_v2_whatever_the_loader_would_do(project, collate_fn, num_workers):
    points, _ = project
    old = list(DataLoader(points(), 3, collate_fn=partial(collate, samples_per_gpu=3)))
    loader = DataLoader(adapted_dataset(points)(), 3, collate_fn=collate_fn, num_workers=num_workers)
    new = [opened(batch) for batch in loader]
    assert [value_digest(batch) for batch in new] == [value_digest(batch) for batch in old]


def test_v2_data_sets_in_v3s_wrappers_make_v2_batches_across_their_seams(project):
    points, _ = project
    inner = [adapted_dataset(points)(), adapted_dataset(points)()]
    DATASETS.register_module(name="PointsA", module=lambda: inner[0], force=True)
    DATASETS.register_module(name="PointsB", module=lambda: inner[1], force=True)
    joined = ConcatDataset([{"type": "PointsA"}, RepeatDataset({"type": "PointsB"}, times=2)])
    new = [opened(batch) for batch in DataLoader(joined, 4, collate_fn=pseudo_collate)]
    plain = torch.utils.data.ConcatDataset([points(), points(), points()])
    old = list(DataLoader(plain, 4, collate_fn=partial(collate, samples_per_gpu=4)))
    assert [value_digest(batch) for batch in new] == [value_digest(batch) for batch in old]
    assert remembered(joined.metainfo["v2_dataset"]) is inner[0]


def test_the_recorder_sees_the_batch_and_not_its_wrapping(project):
    (wrapped,) = DataLoader(adapted_dataset(project[0])(), 7, collate_fn=pseudo_collate)
    assert value_digest(whole_batch(wrapped)) == value_digest(opened(wrapped))
    assert value_digest(whole_batch(wrapped)) != value_digest(wrapped)


def test_the_adapted_data_set_is_still_the_users_class(project):
    points, _ = project
    dataset = adapted_dataset(points)()
    assert isinstance(dataset, points)
    assert type(dataset).__name__ == "Points"
    assert dataset.metainfo["classes"] == ("sum",)


def test_metainfo_names_the_data_set_without_holding_it(project):
    dataset = adapted_dataset(project[0])()
    name = dataset.metainfo["v2_dataset"]
    assert isinstance(name, str)
    assert remembered(name) is dataset
    del dataset
    gc.collect()
    assert remembered(name) is None


def test_an_adapted_data_set_can_be_sent_to_a_spawned_worker(project):
    dataset = adapted_dataset(project[0])()
    dataset.note = "kept"
    again = copy.copy(dataset)
    assert (type(again).__name__, again.note, again.metainfo["classes"]) == ("Points", "kept", ("sum",))


def test_a_project_s_own_registries_are_asked_where_the_bridges_were_hung_in_first(monkeypatch):
    for registry in (V2_MODELS, V2_DATASETS, V2_PIPELINES):
        monkeypatch.setattr(registry, "on_missing", [{"Shelf": object, "Far": object}.get])
    project_registries.install.__wrapped__()
    assert (V2_DATASETS.get("Shelf"), V2_DATASETS.get("Far")) == (Shelf, object)
