"""Two processes that draw different random numbers, saved in one generation and continued in the other, bit for bit."""

import multiprocessing
import os
import socket

import pytest
import torch

from mmmigrate.compat.checkpoint import Options, convert_path
from mmmigrate.compat.checkpoint.position import resume_file

from . import across

CASES = {
    "epochs": {},
    # not accumulating: v2 averages over the processes at every iteration, v3 at the step, which rounds otherwise
    "inside epochs": {
        "checkpoint_config": {"interval": 1, "by_epoch": False},
        "runner": {"type": "EpochBasedRunner", "max_epochs": 2},
    },
}
DATA = {"samples_per_gpu": 4, "workers_per_gpu": 0, "train": {"type": "LoudPoints"}}


def together(train, *arguments):
    """The notes of two processes that train with gloo."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in range(2)]
    processes = [
        context.Process(target=across._answer, args=(send, process_of_two, (rank, port, train, arguments)))
        for rank, (_, send) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    for _, send in pipes:
        send.close()
    said = [receive.recv() if receive.poll(60) else "nothing came within a minute" for receive, _ in pipes]
    for process in processes:
        process.join(5)
        process.kill()
    assert not any(isinstance(each, str) for each in said), said
    return said


def process_of_two(rank, port, train, arguments):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    torch.distributed.init_process_group("gloo")
    draw = across.LoudPoints.__getitem__

    def draw_more(self, index):
        if rank:  # its generators are elsewhere than those of the first process
            torch.rand(1)
        return draw(self, index)

    across.LoudPoints.__getitem__ = draw_more
    notes = train(*arguments)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    return notes


@pytest.mark.parametrize("to", ["v3", "v2"])
@pytest.mark.parametrize("name", CASES)
def test_both_processes_go_on_as_if_nothing_had_happened(name, to, tmp_path):
    changes = {**CASES[name], "data": DATA, "evaluation": None}
    old, new = across.write_configs(tmp_path / "configs", changes, order="v3")
    first, second = (across.train_v2, old), (across.train_v3, new)
    if to == "v2":
        first, second = second, first
    whole = together(*first, tmp_path / "whole", None, tmp_path / "copies")
    assert whole[0] != []
    for copy in sorted((tmp_path / "copies").iterdir(), key=lambda path: int(path.name))[:-1][-2:]:
        (checkpoint,) = copy.glob("*.pth")
        target = tmp_path / "to" / copy.name / checkpoint.name
        (result,) = convert_path(checkpoint, target, Options(to, new if to == "v3" else None))
        assert result.error is None
        assert resume_file(target, 1).is_file()
        rest = together(*second, tmp_path / f"rest_{copy.name}", target, None)
        assert rest == [notes[int(copy.name) :] for notes in whole], copy.name
