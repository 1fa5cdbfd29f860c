import pytest
import torch
from torch import nn

from mmmigrate.compat.adapters import DatasetEvaluate
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.lookup import v2_class
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.runtime_v2 import DATASETS, MODELS
from mmmigrate.runtime_v2.registry import Registry
from mmmigrate.runtime_v3 import registry as v3

MINE = Registry("detector")


def test_training_gives_the_same_bits_as_under_v2(train_v2, train_v3):
    old, new = train_v2([]).model.module, train_v3([]).model
    for name, parameter in old.state_dict().items():
        assert torch.equal(new.state_dict()[name], parameter), name


def test_iterations_give_the_same_bits_as_under_v2_over_the_end_of_the_data(train_v2, train_v3):
    old, new = train_v2([], by_epoch=False).model.module, train_v3([], by_epoch=False).model
    assert torch.equal(new.layer.weight, old.layer.weight)


def test_names_of_parameters_stay_so_that_checkpoints_fit(project):
    _, line = project
    assert list(adapted_model(line)().state_dict()) == list(line().state_dict())


def test_a_part_of_a_model_is_left_alone():
    assert adapted_model(nn.Conv2d) is nn.Conv2d


def test_evaluation_reaches_the_data_set_with_the_arguments_of_the_config(train_v3):
    runner = train_v3([], validate=True)
    weight, bias = runner.model.layer.weight[0], runner.model.layer.bias
    mean = float(sum(weight @ torch.tensor([i / 7, 1.0]) + bias for i in range(7)) / 7)
    assert runner.message_hub.get_scalar("val/mean").current() == pytest.approx(2 * mean)
    assert runner.message_hub.get_scalar("val/count").current() == 7


def test_a_data_set_that_cannot_evaluate_is_refused_by_name():
    metric = DatasetEvaluate(metric="bbox")
    metric.dataset_meta = {"classes": ("a",)}
    with pytest.raises(ValueError, match="needs a v2 data set with an `evaluate` method"):
        metric.evaluate(3)


def test_results_beyond_the_data_set_are_cut(project):
    metric, dataset = DatasetEvaluate(), adapted_dataset(project[0])()
    metric.dataset_meta = dataset.metainfo
    metric.process(None, [1.0, 2.0, 3.0, 100.0])
    assert metric.evaluate(3) == {"mean": 2.0, "count": 3}
    assert metric.results == []


def test_v3_finds_what_a_project_registered_in_v2(project):
    points, line = project
    MODELS.register_module(name="TinyLine", module=line, force=True)
    DATASETS.register_module(name="TinyPoints", module=points, force=True)
    try:
        assert issubclass(v3.MODELS.get("TinyLine"), line)
        assert issubclass(v3.DATASETS.get("TinyPoints"), points)
    finally:
        MODELS.module_dict.pop("TinyLine")
        DATASETS.module_dict.pop("TinyPoints")


def test_registries_that_a_project_made_itself_are_looked_into(project):
    MINE.register_module(name="OwnLine", module=project[1], force=True)
    assert v2_class("model", "OwnLine") is project[1]
    assert v2_class("hook", "OwnLine") is None


def test_an_unknown_name_stays_unknown():
    assert v3.MODELS.get("NoSuchModelAnywhere") is None
