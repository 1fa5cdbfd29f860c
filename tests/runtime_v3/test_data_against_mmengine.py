"""Data sets, samplers, structures and collating give what real mmengine's give."""

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from mmmigrate.runtime_v3 import BaseDataElement, ConcatDataset, InfiniteSampler, InstanceData, PixelData

SCRIPT = Path(__file__).with_name("v3_data.py")


def results(python: str | Path, root: str) -> dict:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([str(python), str(SCRIPT), root], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def ours() -> dict:
    return results(sys.executable, "mmmigrate.runtime_v3")


@pytest.mark.peer
def test_everything_is_as_in_mmengine(ours, peer_v3):
    real = results(peer_v3, "mmengine")
    assert ours.keys() == real.keys()
    different = [key for key in real if ours[key] != real[key]]
    assert {key: ours[key] for key in different} == {key: real[key] for key in different}


def test_an_infinite_sampler_that_is_iterated_again_goes_on():
    # mmengine's is empty then, since closing the first iterator closes the permutations.
    sampler = InfiniteSampler(range(5), shuffle=False, seed=0)
    assert list(islice(iter(sampler), 3)) == [0, 1, 2]
    assert list(islice(iter(sampler), 3)) == [3, 4, 0]


def test_a_field_of_another_length_is_refused():
    instances = InstanceData(boxes=[1, 2, 3])
    with pytest.raises(ValueError, match="labels has 2 entries, the other fields have 3"):
        instances.labels = [1, 2]


def test_a_mask_of_another_length_is_refused():
    import torch

    with pytest.raises(IndexError, match="a mask of 2 for 3 instances"):
        InstanceData(boxes=[1, 2, 3])[torch.tensor([True, False])]


def test_pixels_of_another_size_are_refused():
    import torch

    pixels = PixelData(mask=torch.zeros(1, 3, 4))
    with pytest.raises(ValueError, match=r"depth is \(2, 2\) in height and width, the other fields are \(3, 4\)"):
        pixels.depth = torch.zeros(1, 2, 2)


def test_a_name_is_of_one_kind():
    element = BaseDataElement(metainfo={"size": 3})
    with pytest.raises(AttributeError, match="size is meta information already"):
        element.size = 4


def test_fields_keep_their_order():
    assert BaseDataElement(z=1, a=2, m=3).keys() == ["z", "a", "m"]


def test_a_data_set_of_another_kind_is_not_wrapped():
    with pytest.raises(TypeError, match="must be a BaseDataset or a dict, got list"):
        ConcatDataset([[1, 2]])
