"""Results of several processes, put in order on rank 0: through files and through the process group."""

import subprocess
import sys

import pytest

SCRIPT = """
import json, sys, torch
from torch import distributed
from torch.utils.data import DataLoader, DistributedSampler
from mmmigrate.runtime_v2 import multi_gpu_test

class Model(torch.nn.Module):
    def forward(self, x, return_loss):
        return [[int(number), "a" * int(number)] for number in x]

distributed.init_process_group("gloo")
samples = [{"x": torch.tensor(float(i))} for i in range(5)]
loader = DataLoader(samples, sampler=DistributedSampler(samples, shuffle=False))
found = multi_gpu_test(Model(), loader, gpu_collect=sys.argv[1] == "True")
if distributed.get_rank() == 0:
    print(json.dumps(found))
elif found is not None:
    raise SystemExit("only rank 0 may have the results")
distributed.destroy_process_group()
"""


@pytest.mark.parametrize("gpu_collect", [True, False])
def test_two_processes_give_the_results_of_one(gpu_collect, tmp_path):
    script = tmp_path / "collect.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run([*command, script, str(gpu_collect)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == '[[0, ""], [1, "a"], [2, "aa"], [3, "aaa"], [4, "aaaa"]]'
