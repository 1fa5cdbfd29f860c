"""Mixed precision on the CPU, and where scalars end up."""

import json

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3 import AmpOptimWrapper, LocalVisBackend, MessageHub, OptimWrapper, TensorboardVisBackend
from mmmigrate.runtime_v3.optim import autocast
from mmmigrate.runtime_v3.visualization import Visualizer


def test_the_forward_pass_is_in_bfloat16_and_the_weights_stay_in_float32():
    net = nn.Linear(4, 2)
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(net.parameters(), lr=0.1), clip_grad={"max_norm": 1.0})
    before = net.weight.detach().clone()
    with wrapper.optim_context(net):
        out = net(torch.ones(3, 4))
    wrapper.update_params(out.float().sum())
    assert out.dtype == torch.bfloat16
    assert net.weight.dtype == torch.float32
    assert not torch.equal(net.weight, before)


def test_the_state_of_the_scaler_is_saved_and_loaded():
    net = nn.Linear(4, 2)
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(net.parameters(), lr=0.1))
    state = wrapper.state_dict()
    assert "loss_scaler" in state
    wrapper.load_state_dict(state)
    assert "loss_scaler" in state


def test_half_precision_on_a_cpu_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="set dtype='bfloat16'"):
        autocast(device_type="cpu", dtype=torch.float16)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="dtype must be one of"):
        AmpOptimWrapper(optimizer=torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), dtype="float8")


def test_the_norm_before_clipping_is_recorded():
    hub = MessageHub.get_instance("clipping")
    net = nn.Linear(2, 1, bias=False)
    wrapper = OptimWrapper(torch.optim.SGD(net.parameters(), lr=0.0), clip_grad={"max_norm": 0.1})
    wrapper.update_params(net(torch.tensor([[3.0, 4.0]])).sum())
    assert hub.get_scalar("train/grad_norm").current() == 5.0


@pytest.mark.parametrize("clip", [{"type": "value"}, {"type": "norm"}])
def test_clipping_without_a_bound_is_refused(clip):
    with pytest.raises(ValueError, match="gives no bound"):
        OptimWrapper(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), clip_grad=clip)


def test_local_scalars_are_lines_of_json_in_both_files(tmp_path):
    backend = LocalVisBackend(str(tmp_path))
    backend.add_scalars({"loss": 0.5, "table": torch.ones(2)}, step=3, file_path="run.json")
    backend.add_scalar("lr", torch.tensor(0.25), step=4)
    lines = [json.loads(line) for line in (tmp_path / "scalars.json").read_text().splitlines()]
    assert lines == [{"loss": 0.5, "table": [1.0, 1.0], "step": 3}, {"lr": 0.25, "step": 4}]
    assert json.loads((tmp_path / "run.json").read_text()) == lines[0]


def test_an_unused_backend_leaves_no_folder(tmp_path):
    TensorboardVisBackend(str(tmp_path / "board"))
    assert not (tmp_path / "board").exists()


def test_tensorboard_gets_numbers_and_leaves_the_rest(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    visualizer = Visualizer("board", vis_backends={"type": "TensorboardVisBackend"}, save_dir=str(tmp_path))
    visualizer.add_scalars({"loss": torch.tensor(0.5), "note": "text"}, step=7)
    visualizer.close()
    events = EventAccumulator(str(tmp_path / "vis_data")).Reload()
    assert events.Tags()["scalars"] == ["loss"]
    assert [(entry.step, entry.value) for entry in events.Scalars("loss")] == [(7, 0.5)]


def test_two_backends_of_one_name_are_refused(tmp_path):
    backends = [{"type": "LocalVisBackend"}, {"type": "LocalVisBackend"}]
    with pytest.raises(RuntimeError, match="LocalVisBackend already exists"):
        Visualizer("twice", vis_backends=backends, save_dir=str(tmp_path))
