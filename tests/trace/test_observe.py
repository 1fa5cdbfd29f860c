"""What is asked of runners and models, under the same names in every engine."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmmigrate.compat.trace.observe import averaged, loss_scale, optimizers_of, rates, unwrap
from mmmigrate.compat.trace.recorder import recorder_class


def runner(**parts):
    return SimpleNamespace(**{"hooks": [], "model": nn.Linear(2, 2), **parts})


def test_the_scale_of_mixed_precision_is_that_of_the_wrapper_or_of_the_hook():
    scaler = torch.amp.GradScaler("cpu", init_scale=512.0)
    assert loss_scale(runner(optim_wrapper=SimpleNamespace(loss_scaler=scaler))) == 512.0
    assert loss_scale(runner(hooks=[SimpleNamespace(), SimpleNamespace(loss_scaler=scaler)])) == 512.0
    before_torch_16 = SimpleNamespace(loss_scale=128)
    assert loss_scale(runner(hooks=[SimpleNamespace(loss_scaler=before_torch_16)])) == 128.0
    assert loss_scale(runner(optim_wrapper=SimpleNamespace())) is None


def test_several_optimizers_keep_their_names_in_either_engine():
    model = nn.Linear(2, 2)
    one, two = torch.optim.SGD([model.weight], lr=0.1), torch.optim.Adam([model.bias], lr=0.2)
    wrapped = SimpleNamespace(optim_wrappers={"g": SimpleNamespace(optimizer=one), "d": SimpleNamespace(optimizer=two)})
    for held in (runner(optimizer={"g": one, "d": two}), runner(optim_wrapper=wrapped)):
        found = dict(rates(optimizers_of(held)))
        assert (found["g.lr[0]"], found["d.lr[0]"], found["d.momentum[0]"]) == (0.1, 0.2, 0.9)


def test_wrappers_are_taken_off_the_model_and_the_model_is_not():
    inner = nn.Linear(2, 2)
    wrapper = nn.Module()
    wrapper.module = inner
    assert unwrap(wrapper) is inner
    own = nn.Module()
    own.module, own.scale = inner, nn.Parameter(torch.ones(1))
    assert unwrap(own) is own


def test_averages_have_the_names_of_their_parameters_in_either_engine():
    model = nn.Linear(2, 1)
    model.register_buffer("ema_weight", torch.zeros(1, 2))
    v2 = SimpleNamespace(param_ema_buffer={"weight": "ema_weight"})
    assert [name for name, _ in averaged(runner(model=model, hooks=[v2]))] == ["weight"]
    v3 = SimpleNamespace(ema_model=SimpleNamespace())
    assert list(averaged(runner(hooks=[v3]))) == []  # not built yet
    copy = nn.Module()
    copy.module = nn.Linear(2, 1)
    assert [name for name, _ in averaged(runner(hooks=[SimpleNamespace(ema_model=copy)]))] == ["weight", "bias"]


@pytest.mark.parametrize("engine", ["v2", "v3"])
def test_an_evaluation_before_the_first_iteration_is_recorded(engine, tmp_path):
    from mmmigrate.compat.trace.format import Event
    from mmmigrate.compat.trace.reader import TraceReader

    class Hook: ...

    recorder = recorder_class(Hook)(tmp_path / "trace")
    data = SimpleNamespace(evaluate=lambda results: {"acc": 0.5})
    evaluating = SimpleNamespace(dataloader=SimpleNamespace(dataset=data), evaluate=None)
    held = runner(hooks=[evaluating] if engine == "v2" else [], call_hook=lambda name: None, save_checkpoint=None)
    recorder.before_run(held)
    if engine == "v2":
        data.evaluate([])
    else:
        recorder.after_val_epoch(held, {"acc": 0.5})
    recorder.finish("complete")
    (event,) = [record for record in TraceReader(tmp_path / "trace") if isinstance(record, Event)]
    assert (event.iteration, event.stage, event.values) == (-1, "evaluation", {"acc": 0.5})


def test_the_loader_of_a_v2_runner_is_watched_from_its_first_epoch_on(tmp_path):
    from torch.utils.data import DataLoader

    class Hook: ...

    recorder = recorder_class(Hook)(tmp_path / "trace")
    loader = DataLoader(list(range(4)), batch_size=2)
    recorder.before_train_epoch(runner(data_loader=loader))
    next(iter(loader))
    assert recorder._indices.taken() == [0, 1]
    recorder.finish("complete")


def test_sparse_gradients_have_a_norm_and_a_digest():
    from mmmigrate.compat.trace.gradients import GradientWatch

    model = nn.Embedding(5000, 3, sparse=True)
    watch = GradientWatch(dict(model.named_parameters()), {"": torch.optim.SGD(model.parameters(), lr=0.1)}, True)
    model(torch.tensor([1, 1, 2])).sum().backward()
    assert watch.norm() == pytest.approx(15**0.5)  # three numbers of 2 and three of 1
    assert watch.digests.keys() == {"weight"}
    watch.remove()
