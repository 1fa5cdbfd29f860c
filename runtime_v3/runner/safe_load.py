"""Reading checkpoints without running what is in them: ours, mmengine's and mmcv's."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
import torch

from mmmigrate.runtime_v3.logging import HistoryBuffer

# What rebuilds tensors, arrays and containers, and nothing else.
_ALLOWED_MODULES = {
    "_codecs": {"encode"},
    "builtins": {"set", "frozenset", "slice", "complex", "bytearray", "int", "float", "str", "list", "dict", "tuple"},
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
    "torch.storage": {"UntypedStorage", "TypedStorage", "_load_from_bytes"},
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


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name == "builtins" and global_name == "getattr":
            return _ignored_attribute
        if global_name in _ALLOWED_MODULES.get(module_name, ()):
            return super().find_class(module_name, global_name)
        if (
            module_name == "torch"
            and isinstance(getattr(torch, global_name, None), (torch.dtype, type))
            and (
                global_name.endswith("Storage")
                or global_name in ("Size", "device", "Tensor", "dtype")
                or isinstance(getattr(torch, global_name), torch.dtype)
            )
        ):
            return getattr(torch, global_name)
        if module_name == "numpy.dtypes" or (
            module_name == "numpy"
            and hasattr(np, global_name)
            and isinstance(getattr(np, global_name), type)
            and issubclass(getattr(np, global_name), np.generic)
        ):
            return super().find_class(module_name, global_name)
        if module_name.partition(".")[0] in _LIBRARIES:
            return _stand_in(global_name)
        raise pickle.UnpicklingError(
            f"it contains {module_name}.{global_name}, which could run code. If you trust the file, load it with "
            "torch.load(path, weights_only=False), take that entry out and save it again"
        )


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
        return torch.load(source, map_location=map_location, weights_only=False, pickle_module=_restricted_pickle)
    except pickle.UnpicklingError as error:
        name = "the checkpoint" if hasattr(source, "read") else source
        raise pickle.UnpicklingError(f"{name} was not loaded: {error}") from None
