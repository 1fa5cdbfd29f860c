"""Training with parameters, gradients and optimizer state spread over all processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.dist import broadcast, get_world_size, is_distributed
from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class MMFullyShardedDataParallel(nn.Module):
    """A model through torch's `fully_shard`: each process keeps a part of every parameter, and gathers what it needs.

    - `shard_modules`: names of classes or of submodules that are gathered one at a time; without it the direct
      children are. The smaller the pieces, the less memory and the more exchange.
    - `reshard_after_forward`: False keeps gathered parameters until the backward pass.
    - `mp_policy`: the arguments of torch's `MixedPrecisionPolicy`, dtypes by name. `cpu_offload`: parts lie on the CPU.

    Weights are initialized before they are spread, as in process 0. Checkpoints hold whole tensors.
    """

    def __init__(
        self,
        module: nn.Module,
        shard_modules: Sequence[str] | None = None,
        reshard_after_forward: bool = True,
        mp_policy: dict[str, Any] | None = None,
        cpu_offload: bool = False,
    ) -> None:
        super().__init__()
        if not is_distributed():
            raise RuntimeError("MMFullyShardedDataParallel needs several processes: start with --launcher")
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import CPUOffloadPolicy, MixedPrecisionPolicy, fully_shard

        initialize: Any = getattr(module, "init_weights", None)
        if initialize is not None:
            initialize()
        for tensor in module.state_dict().values():
            broadcast(tensor)
        options: dict[str, Any] = {
            "mesh": init_device_mesh(get_device(), (get_world_size(),)),
            "reshard_after_forward": reshard_after_forward,
            "mp_policy": MixedPrecisionPolicy(**_with_dtypes(mp_policy or {})),
        }
        if cpu_offload:
            options["offload_policy"] = CPUOffloadPolicy()
        for piece in pieces_of(module, shard_modules):
            fully_shard(piece, **options)
        fully_shard(module, **options)
        self.module: Any = module
        self._syncs = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def train_step(self, data: Any, optim_wrapper: OptimWrapper) -> dict[str, torch.Tensor]:
        model = self.module
        self._set_sync(True)
        with optim_wrapper.optim_context(self):
            losses = model._run_forward(model.data_preprocessor(data, True), mode="loss")
        loss, log_vars = model.parse_losses(losses)
        optim_wrapper.update_params(loss)
        logged: dict[str, torch.Tensor] = log_vars
        return logged

    def val_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self.module.val_step(data)
        return predictions

    def test_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self.module.test_step(data)
        return predictions

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """For the forward pass of an accumulation: gradients of the backward pass that follows are not exchanged."""
        self._set_sync(False)
        yield

    def _set_sync(self, wanted: bool) -> None:
        if self._syncs != wanted:
            self.module.set_requires_gradient_sync(wanted)
            self._syncs = wanted


def pieces_of(model: nn.Module, wanted: Sequence[str] | None) -> list[nn.Module]:
    """The submodules to be gathered by themselves, the innermost first. Raises ValueError for a name of none."""
    known = {name: module for name, module in model.named_modules() if name}
    if wanted is None:
        chosen = list(model.children())
    else:
        for name in wanted:
            if name not in known and all(type(module).__name__ != name for module in known.values()):
                raise ValueError(
                    f"shard_modules: {name!r} is neither a submodule nor a class of one: {list(known)[:20]}"
                )
        chosen = [module for name, module in known.items() if name in wanted or type(module).__name__ in wanted]
    return [module for module in reversed(chosen) if any(True for _ in module.parameters())]


def _with_dtypes(policy: dict[str, Any]) -> dict[str, Any]:
    return {
        key: getattr(torch, value) if isinstance(value, str) and key.endswith("dtype") else value
        for key, value in policy.items()
    }
