import numpy as np
import pytest
import torch

from mmmigrate.compat.trace.digest import tensor_digest, value_digest


@pytest.mark.parametrize("size", [1, 1000, 1023, 1024, 1025, 5001])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.uint8])
def test_one_bit_anywhere_changes_the_digest(size, dtype):
    tensor = torch.ones(size, dtype=dtype)
    for place in {0, size // 2, size - 1}:
        other = tensor.clone()
        other.view(torch.uint8)[place * tensor.element_size()] ^= 1
        assert tensor_digest(tensor) != tensor_digest(other)


def test_swapped_elements_of_a_large_tensor_change_the_digest():
    tensor = torch.arange(4096.0)
    swapped = tensor.clone()
    swapped[[10, 3000]] = tensor[[3000, 10]]
    assert tensor_digest(tensor) != tensor_digest(swapped)


def test_many_large_tensors_have_as_many_digests():
    digests = {tensor_digest(torch.full((2048,), i / 7)) for i in range(2000)}
    assert len(digests) == 2000


def test_layout_in_memory_does_not_matter_but_shape_and_type_do():
    tensor = torch.arange(12.0).reshape(3, 4)
    assert tensor_digest(tensor) == tensor_digest(tensor.t().contiguous().t())
    assert tensor_digest(tensor) != tensor_digest(tensor.reshape(4, 3))
    assert tensor_digest(torch.zeros(4)) != tensor_digest(torch.zeros(4, dtype=torch.int32))


def test_minus_zero_and_nan_payloads_are_bits_like_any_other():
    assert tensor_digest(torch.tensor(0.0)) != tensor_digest(torch.tensor(-0.0))
    assert tensor_digest(torch.tensor(float("nan"))) == tensor_digest(torch.tensor(float("nan")))


def test_types_that_numpy_lacks_have_digests():
    assert tensor_digest(torch.ones(3, dtype=torch.bfloat16)) != tensor_digest(torch.zeros(3, dtype=torch.bfloat16))


def test_a_batch_is_the_same_whatever_the_order_of_its_keys():
    image, label = torch.rand(2, 3), [1, 2]
    assert value_digest({"img": image, "label": label}) == value_digest({"label": label, "img": image})


def test_every_part_of_a_nested_batch_counts():
    def batch(name="a.png", value=1, array=0.0):
        return {"metas": [{"name": name, "size": (3, 4)}], "label": value, "box": np.full(2, array)}

    assert value_digest(batch()) == value_digest(batch())
    changed = [batch(name="b.png"), batch(value=2), batch(array=0.5), {**batch(), "extra": None}]
    assert len({value_digest(each) for each in [batch(), *changed]}) == 5


def test_containers_are_looked_into():
    class Container:
        cpu_only = True

        def __init__(self, data):
            self.data = data

    assert value_digest([Container([1])]) == value_digest([Container([1])])
    assert value_digest([Container([1])]) != value_digest([Container([2])])
