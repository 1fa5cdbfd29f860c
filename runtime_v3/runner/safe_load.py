"""Reading checkpoints without running what is in them: ours, mmengine's and mmcv's."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import torch

from mmmigrate.runtime_v3.logging import HistoryBuffer

# What rebuilds tensors, arrays and containers, and nothing else.
_ALLOWED_MODULES = {
    "_codecs": {"encode"},
    "builtins": {
        "set",
        "frozenset",
        "slice",
        "complex",
        "bytearray",
        "int",
        "float",
        "str",
        "list",
        "dict",
        "tuple",
        "object",
    },
    "copyreg": {"_reconstructor"},
    "collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
    "numpy": {"ndarray", "dtype"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "torch._utils": {
        "_rebuild_tensor",
        "_rebuild_tensor_v2",
        "_rebuild_tensor_v3",
        "_rebuild_parameter",
        "_rebuild_parameter_with_state",
        "_rebuild_qtensor",
        "_rebuild_sparse_tensor",
    },
    "torch.nn.parameter": {"Parameter"},
    "torch.serialization": {"_get_layout"},
    "torch.storage": {"UntypedStorage", "TypedStorage"},
}
_LIBRARIES = ("mmengine", "mmcv", "mmdet", "mmcls", "mmseg", "mmpretrain", "mmmigrate")


class _Ignored:
    """Stands for an object of a library that training does not need, such as a function in a scheduler's state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class _IgnoredDict(dict[str, Any]):
    """Stands for a config: its entries are read as those of a dict."""

    def __setstate__(self, state: Any) -> None: ...


def _ignored_attribute(owner: Any, name: str) -> Any:
    # mmengine saves the statistics of its histories and the annealing function of a schedule as `getattr(class, name)`.
    return _Ignored


def _storage_from_bytes(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), weights_only=True)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        module_name = {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(module_name, module_name)
        if (module_name, global_name) == ("builtins", "getattr"):
            return _ignored_attribute
        if (module_name, global_name) == ("torch.storage", "_load_from_bytes"):
            return _storage_from_bytes  # torch's own would read those bytes without any restriction
        if _is_inert(module_name, global_name):
            return super().find_class(module_name, global_name)
        if module_name.partition(".")[0] in _LIBRARIES:
            return _stand_in(global_name)
        raise pickle.UnpicklingError(
            f"it contains {module_name}.{global_name}, which could run code. If you trust the file, load it with "
            "torch.load(path, weights_only=False), take that entry out and save it again"
        )


def _is_inert(module_name: str, global_name: str) -> bool:
    """Whether the name stands for data: containers, tensors, arrays and their types."""
    if global_name in _ALLOWED_MODULES.get(module_name, ()) or module_name == "numpy.dtypes":
        return True
    if module_name == "torch":
        found = getattr(torch, global_name, None)
        storage = isinstance(found, type) and global_name.endswith("Storage")
        return storage or isinstance(found, torch.dtype) or found in (torch.Size, torch.device, torch.Tensor)
    if module_name == "numpy":
        found = getattr(np, global_name, None)
        return isinstance(found, type) and issubclass(found, np.generic)
    return False


def _stand_in(global_name: str) -> Any:
    if global_name == "HistoryBuffer":
        return HistoryBuffer
    return _IgnoredDict if global_name in ("ConfigDict", "Config") else _Ignored


# What torch.load expects of `pickle_module`.
_restricted_pickle = SimpleNamespace(
    Unpickler=_Unpickler,
    load=lambda file, **kwargs: _Unpickler(file, **kwargs).load(),
    __name__="mmmigrate.restricted_pickle",
)


def load_safely(source: str | Path | BinaryIO, map_location: Any = None) -> Any:
    """The content of a checkpoint. Raises pickle.UnpicklingError, naming the class, if it holds foreign objects."""
    try:
        return torch.load(source, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:
        if hasattr(source, "seek"):
            source.seek(0)
    try:
        _refuse_programs(source)
        return torch.load(source, map_location=map_location, weights_only=False, pickle_module=_restricted_pickle)
    except pickle.UnpicklingError as error:
        name = "the checkpoint" if hasattr(source, "read") else source
        raise pickle.UnpicklingError(f"{name} was not loaded: {error}") from None


def _refuse_programs(source: Any) -> None:
    """Without `weights_only` torch.load would run a TorchScript archive as a program."""
    if not _begins_as_zip(source):  # what torch.load goes by
        return
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
    if hasattr(source, "seek"):
        source.seek(0)
    if any(name.endswith("/constants.pkl") for name in names):
        raise pickle.UnpicklingError("it is a TorchScript program, not a checkpoint")


def _begins_as_zip(source: Any) -> bool:
    if hasattr(source, "seek"):
        head = source.read(4)
        source.seek(0)
        return bool(head == b"PK\x03\x04")
    with Path(source).open("rb") as file:
        return file.read(4) == b"PK\x03\x04"
