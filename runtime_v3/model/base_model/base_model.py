"""The base of models that the runner can train."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import nn

from mmmigrate.runtime_v3.model.base_model.data_preprocessor import BaseDataPreprocessor
from mmmigrate.runtime_v3.model.base_module import BaseModule
from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.registry import MODELS


class BaseModel(BaseModule):
    """A model whose `forward(…, mode)` gives losses ('loss'), predictions ('predict') or features ('tensor').

    `data_preprocessor`: built or as config; moves the batch to the device if None.
    """

    def __init__(
        self,
        data_preprocessor: dict[str, Any] | nn.Module | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if data_preprocessor is None:
            data_preprocessor = {"type": "BaseDataPreprocessor"}
        if isinstance(data_preprocessor, nn.Module):
            self.data_preprocessor: Any = data_preprocessor
        elif isinstance(data_preprocessor, dict):
            self.data_preprocessor = MODELS.build(data_preprocessor)
        else:
            raise TypeError(f"data_preprocessor should be a module or a dict, got {type(data_preprocessor).__name__}")

    def train_step(self, data: Any, optim_wrapper: OptimWrapper) -> dict[str, torch.Tensor]:
        """One iteration: forward, backward and, where it is due, a step of the optimizer. Returns what is logged."""
        # Not as an attribute, which a module finds only after it has not found it twice: 0.5 µs.
        preprocess: Any = self._modules["data_preprocessor"]
        with optim_wrapper.optim_context(self):
            losses = self._run_forward(preprocess(data, True), mode="loss")
        loss, log_vars = self.parse_losses(losses)
        optim_wrapper.update_params(loss)
        return log_vars

    def val_step(self, data: Any) -> list[Any]:
        """Predictions for one batch."""
        predictions: list[Any] = self._run_forward(self.data_preprocessor(data, False), mode="predict")
        return predictions

    def test_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self._run_forward(self.data_preprocessor(data, False), mode="predict")
        return predictions

    def parse_losses(self, losses: dict[str, Any]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The sum of all entries with 'loss' in their name, and every entry's mean to be logged, the sum first."""
        means: dict[str, Any] = {}
        total: Any = None
        for name, value in losses.items():
            if isinstance(value, torch.Tensor):
                mean: Any = value if value.ndim == 0 else value.mean()
            elif isinstance(value, list) and all(isinstance(entry, torch.Tensor) for entry in value):
                mean = sum(entry.mean() for entry in value)
            else:
                raise TypeError(f"{name} must be a tensor or a list of tensors, got {type(value).__name__}")
            means[name] = mean
            if "loss" in name:
                total = mean if total is None else total + mean
        if total is None:
            raise ValueError(
                f"no entry of the losses has 'loss' in its name: {sorted(losses)}; there is nothing to train"
            )
        return total, {"loss": total, **means}

    def to(self, *args: Any, **kwargs: Any) -> Any:
        device = torch._C._nn._parse_to(*args, **kwargs)[0]
        if device is not None:
            self._set_device(torch.device(device))
        return super().to(*args, **kwargs)

    def cuda(self, device: int | str | torch.device | None = None) -> Any:
        target = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        self._set_device(torch.device(target))
        return super().cuda(device)  # type: ignore[arg-type]

    def cpu(self, *args: Any, **kwargs: Any) -> Any:
        self._set_device(torch.device("cpu"))
        return super().cpu()

    def npu(self, device: Any = None) -> Any:
        return self.to(_accelerator("npu", device))

    def mlu(self, device: Any = None) -> Any:
        return self.to(_accelerator("mlu", device))

    def musa(self, device: Any = None) -> Any:
        return self.to(_accelerator("musa", device))

    def _set_device(self, device: torch.device) -> None:
        for module in self.modules():
            if isinstance(module, BaseDataPreprocessor):
                module._device = device

    @abstractmethod
    def forward(self, inputs: Any, data_samples: list[Any] | None = None, mode: str = "tensor") -> Any:
        """`mode` 'loss': dict of losses; 'predict': list of predictions, one for each sample; 'tensor': features."""

    def _run_forward(self, data: Any, mode: str) -> Any:
        if isinstance(data, dict):
            return self(**data, mode=mode)
        if isinstance(data, (list, tuple)):
            return self(*data, mode=mode)
        raise TypeError(f"the data preprocessor must give a dict, list or tuple, got {type(data).__name__}")


def _accelerator(kind: str, device: Any) -> Any:
    if device is None:
        return torch.device(kind)
    return torch.device(kind, device) if isinstance(device, int) else device
