"""Predictions merged over several augmented versions of each sample."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from torch import nn

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v3.model.base_model import BaseModel
from mmmigrate.runtime_v3.registry import MODELS


@MODELS.register_module()
class BaseTTAModel(BaseModel):
    """Wraps a model that has `test_step`; a subclass says how predictions are merged.

    A batch holds, for each key (or position), a list of versions, each a batch of its own.
    """

    def __init__(
        self, module: nn.Module | dict[str, Any], data_preprocessor: nn.Module | dict[str, Any] | None = None
    ) -> None:
        super().__init__()
        if isinstance(module, dict):
            extra = {} if data_preprocessor is None else {"data_preprocessor": data_preprocessor}
            module = MODELS.build({**module, **extra})
        if not isinstance(module, nn.Module) or not hasattr(module, "test_step"):
            raise ArgumentTypeError(f"BaseTTAModel wraps a model that has test_step, got {type(module).__name__}")
        self.module: Any = module

    @abstractmethod
    def merge_preds(self, data_samples_list: list[Any]) -> list[Any]:
        """One prediction for each sample, from the predictions of all its versions."""

    def test_step(self, data: Any) -> list[Any]:
        if isinstance(data, dict):
            count = len(next(iter(data.values())))
            versions: list[Any] = [{key: value[index] for key, value in data.items()} for index in range(count)]
        elif isinstance(data, (tuple, list)):
            versions = [[part[index] for part in data] for index in range(len(data[0]))]
        else:
            raise TypeError(f"a batch for test-time augmentation is a dict, tuple or list, got {type(data).__name__}")
        return self.merge_preds(list(zip(*(self.module.test_step(version) for version in versions))))

    def forward(self, inputs: Any, data_samples: list[Any] | None = None, mode: str = "tensor") -> Any:
        raise NotImplementedError("a model for test-time augmentation is used by test_step; forward is not defined")
