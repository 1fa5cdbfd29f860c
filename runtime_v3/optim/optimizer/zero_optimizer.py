"""An optimizer whose state is spread over all processes (ZeRO).

Importing this takes over a second, so it is done only when a config or a program asks for it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.optim import ZeroRedundancyOptimizer as _TorchZero

from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v3.dist import is_main_process
from mmmigrate.runtime_v3.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class ZeroRedundancyOptimizer(_TorchZero):
    """torch's ZeroRedundancyOptimizer around the optimizer of torch named `optimizer_type`, which takes `kwargs`."""

    def __init__(self, params: Any, optimizer_type: str, **kwargs: Any) -> None:
        kind = getattr(torch.optim, optimizer_type, None)
        if kind is None:
            raise ValueError(
                f"ZeroRedundancyOptimizer: torch.optim has no {optimizer_type!r}"
                f"{did_you_mean(optimizer_type, vars(torch.optim))}"
            )
        super().__init__(params, kind, **kwargs)

    def state_dict(self) -> dict[str, Any]:
        """The whole state, gathered in process 0; empty in the others. All processes must ask for it."""
        self.consolidate_state_dict()
        return super().state_dict() if is_main_process() else {}
