import numpy as np
import pytest
import torch

from mmmigrate.compat.trace.digest import tensor_digest, tensor_digests, value_digest


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


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (200, 300)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_every_shape_and_type_has_a_digest_of_its_own(shape, dtype):
    ones = torch.ones(shape).to(dtype)
    assert tensor_digest(ones) == tensor_digest(ones.clone())
    assert (tensor_digest(ones) == tensor_digest(torch.zeros(shape).to(dtype))) == (ones.numel() == 0)


def test_a_view_with_a_pending_sign_is_read_as_it_looks():
    tensor = torch.randn(5000, dtype=torch.complex64)
    assert tensor_digest(tensor.conj()) == tensor_digest(tensor.conj().resolve_conj()) != tensor_digest(tensor)


def test_a_digest_does_not_depend_on_where_in_memory_a_tensor_begins():
    data = torch.arange(9001, dtype=torch.uint8)
    assert tensor_digest(data[1:]) == tensor_digest(data[1:].clone())


def test_large_arrays_count_in_every_byte_whether_writeable_or_not():
    array = np.zeros(50_000, np.float32)
    plain = value_digest(array)
    array.flags.writeable = False
    assert value_digest(array) == plain
    for place in (0, 25_000, 49_999):
        other = array.copy()
        other[place] = 1e-30
        assert value_digest(other) != plain


def test_transposed_kernels_have_another_digest():
    kernels = torch.randn(256, 64, 3, 3)
    assert tensor_digest(kernels) != tensor_digest(kernels.transpose(2, 3).contiguous())


def test_the_number_of_threads_does_not_change_a_digest():
    tensor, threads = torch.randn(1_000_003), torch.get_num_threads()
    found = []
    for count in (1, 4):
        torch.set_num_threads(count)
        found.append((tensor_digest(tensor), *tensor_digests([tensor, tensor + 1])))
    torch.set_num_threads(threads)
    assert found[0] == found[1]
    assert found[0][0] == found[0][1] != found[0][2]
