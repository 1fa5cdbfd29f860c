"""v2's data-parallel wrapper around a model that v3 has placed already."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmmigrate.compat.aliases import import_path


def data_parallel(model: nn.Module, kind: Any = None) -> Any:
    """The model in an `MMDataParallel` (or `kind`, a subclass) of the device that it is on; nothing is moved.

    torch's own constructor takes no empty list of devices where there is a GPU, and moves the model without a list.
    """
    made: Any = object.__new__(kind or import_path("mmcv.parallel").MMDataParallel)
    nn.Module.__init__(made)
    made.module, made.dim, made.device_ids = model, 0, []
    parameter = next(model.parameters(), None)
    if parameter is not None and parameter.device.type == "cuda":
        made.src_device_obj = parameter.device
        made.output_device = parameter.device.index or 0
        made.device_ids = [made.output_device]
    return made
