"""Batch as the data loader gives it → batch as the model wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.model.stack import pad_to_divisor, stack_batch
from mmmigrate.runtime_v3.registry import MODELS
from mmmigrate.runtime_v3.structures import BaseDataElement


@MODELS.register_module()
class BaseDataPreprocessor(nn.Module):
    """Moves the batch to the model's device."""

    def __init__(self, non_blocking: bool | None = False) -> None:
        super().__init__()
        self._non_blocking = bool(non_blocking)
        self._device = torch.device("cpu")

    def cast_data(self, data: Any) -> Any:
        """The same containers, with tensors and data elements on the device."""
        if type(data) is dict:  # what a loader gives nearly always
            device = self._device
            return {
                key: entry if isinstance(entry, torch.Tensor) and entry.device == device else self.cast_data(entry)
                for key, entry in data.items()
            }
        if isinstance(data, torch.Tensor):
            # `to` takes 0.7 µs even where nothing is moved.
            return data if data.device == self._device else data.to(self._device, non_blocking=self._non_blocking)
        if isinstance(data, BaseDataElement):
            return data.to(self._device, non_blocking=self._non_blocking)
        if isinstance(data, (dict, Mapping)):
            return {key: self.cast_data(entry) for key, entry in data.items()}
        if data is None or isinstance(data, (str, bytes)):
            return data
        if isinstance(data, tuple) and hasattr(data, "_fields"):
            return type(data)(*(self.cast_data(entry) for entry in data))
        if isinstance(data, Sequence):
            return type(data)(self.cast_data(entry) for entry in data)  # type: ignore[call-arg]
        return data

    def forward(self, data: Any, training: bool = False) -> Any:
        return self.cast_data(data)

    @property
    def device(self) -> torch.device:
        return self._device

    def to(self, *args: Any, **kwargs: Any) -> Any:
        device = torch._C._nn._parse_to(*args, **kwargs)[0]
        if device is not None:
            self._device = torch.device(device)
        return super().to(*args, **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        self._device = torch.device("cuda", torch.cuda.current_device())
        return super().cuda(*args, **kwargs)

    def cpu(self, *args: Any, **kwargs: Any) -> Any:
        self._device = torch.device("cpu")
        return super().cpu()

    def npu(self, *args: Any, **kwargs: Any) -> Any:
        return self.to(torch.device("npu"))

    def mlu(self, *args: Any, **kwargs: Any) -> Any:
        return self.to(torch.device("mlu"))

    def musa(self, *args: Any, **kwargs: Any) -> Any:
        return self.to(torch.device("musa"))


@MODELS.register_module()
class ImgDataPreprocessor(BaseDataPreprocessor):
    """Also swaps channels, normalizes, pads to a multiple of `pad_size_divisor` and stacks `data['inputs']`.

    `mean` and `std`: one value or one for each of three channels, in the images' unit, after the swap.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        pad_size_divisor: int = 1,
        pad_value: float = 0,
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        non_blocking: bool | None = False,
    ) -> None:
        super().__init__(non_blocking)
        if bgr_to_rgb and rgb_to_bgr:
            raise ArgumentValueError("`bgr2rgb` and `rgb2bgr` cannot be set to True at the same time")
        if (mean is None) != (std is None):
            raise ArgumentValueError(f"mean and std should be both given or both None, got mean={mean}, std={std}")
        self._enable_normalize = mean is not None
        if mean is not None and std is not None:
            for name, values in (("mean", mean), ("std", std)):
                if len(values) not in (1, 3):
                    raise ArgumentValueError(f"`{name}` should have 1 or 3 values, got {len(values)}")
                self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), False)
        self._channel_conversion = rgb_to_bgr or bgr_to_rgb
        self.pad_size_divisor = pad_size_divisor
        self.pad_value = pad_value

    def forward(self, data: Any, training: bool = False) -> Any:
        """`data['inputs']`: a list of (C, H, W) images or an (N, C, H, W) batch; becomes a float batch."""
        data = self.cast_data(data)
        inputs = data["inputs"]
        if isinstance(inputs, torch.Tensor):
            if inputs.dim() != 4:
                raise ArgumentValueError(
                    "The input of `ImgDataPreprocessor` should be a batch (N, C, H, W) or a list of images, got shape "
                    f"{tuple(inputs.shape)}"
                )
            data["inputs"] = pad_to_divisor(self._convert(inputs), self.pad_size_divisor, self.pad_value)
        elif isinstance(inputs, Sequence) and all(isinstance(image, torch.Tensor) for image in inputs):
            images = [self._convert(image) for image in inputs]
            data["inputs"] = stack_batch(images, self.pad_size_divisor, self.pad_value)
        else:
            raise TypeError(
                "Output of `cast_data` should be a dict whose `inputs` is a tensor or a list of tensors, got "
                f"{type(inputs).__name__}"
            )
        data.setdefault("data_samples", None)
        return data

    def _convert(self, images: torch.Tensor) -> torch.Tensor:
        if self._channel_conversion:
            images = images[..., [2, 1, 0], :, :]
        images = images.float()
        if not self._enable_normalize:
            return images
        mean: Any = self.mean
        if mean.shape[0] == 3 and images.shape[-3] != 3:
            raise ArgumentValueError(f"If the mean has 3 values, so must the channels, got {tuple(images.shape)}")
        normalized: torch.Tensor = (images - mean) / self.std
        return normalized
