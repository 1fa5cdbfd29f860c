from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from mmmigrate.compat.dist import get_dist_info, init_dist, master_only


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return subprocess.run([sys.executable, "-c", code], env={**clean, **environment}, capture_output=True, text=True)


def test_one_process_is_rank_zero_of_one_and_needs_no_torch() -> None:
    code = "import sys\nfrom mmmigrate.compat.dist import get_dist_info\nprint(get_dist_info(), 'torch' in sys.modules)"
    assert run(code).stdout == "(0, 1) False\n"


def test_an_unknown_launcher_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="Invalid launcher type: pytorc; did you mean 'pytorch'"):
        init_dist("pytorc")


def test_a_process_that_no_launcher_started_says_what_is_missing() -> None:
    done = run("from mmmigrate.compat.dist import init_dist\ninit_dist('pytorch', backend='gloo')")
    assert "launcher='pytorch' needs the environment variable RANK" in done.stderr


TWO = """
from mmmigrate.compat.dist import get_dist_info, init_dist, master_only
import torch, torch.distributed as dist
init_dist({launcher!r}, backend="gloo")
rank, world_size = get_dist_info()
total = torch.tensor(rank + 1)
dist.all_reduce(total)

@master_only
def said(text):
    return text

print(rank, world_size, int(total), said("main"))
dist.destroy_process_group()
"""


@pytest.mark.parametrize(
    ("launcher", "names"),
    [
        ("pytorch", {"RANK": "{rank}", "WORLD_SIZE": "2"}),
        (
            "mpi",
            {"OMPI_COMM_WORLD_LOCAL_RANK": "{rank}", "OMPI_COMM_WORLD_RANK": "{rank}", "OMPI_COMM_WORLD_SIZE": "2"},
        ),
        ("slurm", {"SLURM_PROCID": "{rank}", "SLURM_NTASKS": "2", "SLURM_NODELIST": "here"}),
    ],
)
def test_two_processes_join(launcher: str, names: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "OMP_NUM_THREADS": "1"}
    processes = []
    for rank in range(2):
        environment = {name: value.format(rank=rank) for name, value in names.items()}
        command = [sys.executable, "-c", TWO.format(launcher=launcher)]
        full = {**os.environ, **address, **environment}
        processes.append(subprocess.Popen(command, env=full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [output for output, _ in outputs] == ["0 2 3 main\n", "1 2 3 None\n"], outputs


def test_the_main_process_runs_what_only_it_may_run() -> None:
    assert master_only(lambda: 3)() == 3
    assert get_dist_info() == (0, 1)


ENDS = """
import atexit, sys, threading
from mmmigrate.compat.dist import end_process, init_dist

class AtTeardown:
    def __del__(self):
        print("torn down", flush=True)

kept = AtTeardown()
release = threading.Event()
atexit.register(print, "exit function called")
threading.Thread(target=lambda: (release.wait(), print("thread awaited"))).start()
release.set()
if {launched}:
    init_dist("pytorch", backend="gloo")
    import torch.distributed
    torch.distributed.barrier()
end_process({code})
"""


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_among_several_ends_without_teardown(code: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    command = [sys.executable, "-c", ENDS.format(launched=True, code=code)]
    both = [
        subprocess.Popen(command, env={**os.environ, **address, "RANK": rank}, stdout=subprocess.PIPE, text=True)
        for rank in ("0", "1")
    ]
    for process in both:
        said, _ = process.communicate()
        assert (process.returncode, said) == (code, "thread awaited\nexit function called\n")


def test_a_process_of_its_own_ends_as_ever() -> None:
    done = run(ENDS.format(launched=False, code=3))
    assert (done.returncode, done.stdout) == (3, "thread awaited\nexit function called\ntorn down\n")
