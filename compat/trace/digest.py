"""64-bit digests of tensors and of anything a data loader yields. Equal bits, dtype and shape give equal digests.

What a digest must tell apart are accidents, not attacks: one bit, one element, two elements swapped, noise in the last
place. A large tensor is laid out as a table of 64-bit words, whose rows and columns are summed modulo 2**64, and the
sums are hashed: a difference is missed only if it leaves every row and every column its sum. Sums of integers do not
depend on their order, so the digest is the same in every version of torch, on every device and with any number of
threads; they run where the tensor is, at the speed of memory, and nothing but the sums is copied from a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_SMALL_BYTES = 8192
_WIDTH = 512
"""Words in a row of the table."""
_ROWS_AT_ONCE = 128
"""Half a megabyte: the second sum finds it in the cache."""


def array_of(tensor: Tensor) -> npt.NDArray[Any]:
    """The elements on the CPU in C order; types numpy lacks (bfloat16, float8) as integers of their bits."""
    tensor = _plain(tensor).cpu()
    try:
        array: npt.NDArray[Any] = tensor.numpy()
    except TypeError:
        array = tensor.view(torch.int16 if tensor.element_size() == 2 else torch.uint8).numpy()
    return array


def _plain(tensor: Tensor) -> Tensor:
    """The elements that this process holds, dense and in C order."""
    tensor = tensor.detach()
    if hasattr(tensor, "to_local"):  # sharded over processes
        tensor = tensor.to_local()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    return tensor.resolve_conj().resolve_neg().contiguous()


@lru_cache(maxsize=4096)
def _kind(dtype: torch.dtype, shape: tuple[int, ...]) -> bytes:
    return f"{dtype}{list(shape)}".encode()


def tensor_digest(tensor: Tensor) -> int:
    """64 bits of the elements, type and shape of a tensor."""
    state = blake2b(_kind(tensor.dtype, tuple(tensor.shape)), digest_size=8)
    _feed_tensor(state, tensor)
    return int.from_bytes(state.digest(), "little")


def _feed_tensor(state: blake2b, tensor: Tensor) -> None:
    if tensor.numel() * tensor.element_size() <= _SMALL_BYTES:
        state.update(array_of(tensor).data)
        return
    _feed_bytes(state, _plain(tensor).view(-1).view(torch.uint8))


def _feed_bytes(state: blake2b, flat: Tensor) -> None:
    """The sums of rows and of columns, and what does not fill a row."""
    rows = len(flat) // (8 * _WIDTH)
    if flat.data_ptr() % 8:
        flat = flat.clone()
    words = flat[: rows * 8 * _WIDTH].view(torch.int64).view(rows, _WIDTH)
    columns = torch.zeros(_WIDTH, dtype=torch.int64, device=flat.device)
    for begin in range(0, rows, _ROWS_AT_ONCE):
        part = words[begin : begin + _ROWS_AT_ONCE]
        columns += part.sum(0)
        state.update(part.sum(1).cpu().numpy().data)
    state.update(columns.cpu().numpy().data)
    state.update(flat[rows * 8 * _WIDTH :].cpu().numpy().data)


def tensor_digests(tensors: Sequence[Tensor]) -> list[int]:
    """The digests of many tensors, computed by as many threads as torch computes with."""
    threads = torch.get_num_threads()
    if threads == 1 or len(tensors) < 2:
        return [tensor_digest(tensor) for tensor in tensors]
    return list(_pool(threads).map(tensor_digest, tensors))


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="digest")


def value_digest(value: Any) -> int:
    """A digest of nested mappings, sequences, tensors, arrays, data containers, strings and numbers."""
    state = blake2b(digest_size=8)
    _feed(state, value)
    return int.from_bytes(state.digest(), "little")


def whole_batch(batch: Any) -> Any:
    """The batch itself where an adapter has wrapped it to bring it through a collate function unchanged."""
    wrapped = isinstance(batch, list) and len(batch) == 1 and getattr(batch[0], "is_whole_batch", False)
    return batch[0].data if wrapped else batch


def _feed_array(state: blake2b, array: npt.NDArray[Any]) -> None:
    array = np.ascontiguousarray(array)
    if array.nbytes <= _SMALL_BYTES:
        state.update(array.data if array.dtype.kind not in "Mm" else array.tobytes())
        return
    flat = array.reshape(-1).view(np.uint8)
    _feed_bytes(state, torch.from_numpy(flat if flat.flags.writeable else flat.copy()))


def _feed(state: blake2b, value: Any) -> None:
    if isinstance(value, Tensor):
        state.update(_kind(value.dtype, tuple(value.shape)))
        _feed_tensor(state, value)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        state.update(f"{value.dtype}{value.shape}".encode())
        _feed_array(state, value)
    elif isinstance(value, Mapping):
        state.update(b"{")
        for key in sorted(value, key=str):
            state.update(repr(key).encode())
            _feed(state, value[key])
    elif isinstance(value, (list, tuple)):
        state.update(b"[%d" % len(value))
        for item in value:
            _feed(state, item)
    elif hasattr(value, "cpu_only") and hasattr(value, "data"):
        _feed(state, value.data)
    elif hasattr(value, "to_dict") and callable(value.to_dict):
        _feed(state, value.to_dict())
    elif isinstance(value, (str, bytes, bool, int, float, type(None), np.generic)):
        state.update(repr(value).encode())
    else:
        state.update(type(value).__qualname__.encode())
