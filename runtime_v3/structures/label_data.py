"""Labels of a whole image."""

from __future__ import annotations

from typing import Any

import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.structures.base_data_element import BaseDataElement


class LabelData(BaseDataElement):
    """Labels, as indices or one-hot."""

    @staticmethod
    def onehot_to_label(onehot: torch.Tensor) -> torch.Tensor:
        """The indices of the ones in a vector of zeros and ones.

        >>> LabelData.onehot_to_label(torch.tensor([0, 1, 1]))
        tensor([1, 2])
        """
        _need_tensor(onehot)
        if onehot.ndim != 1 or onehot.max().item() > 1 or onehot.min().item() < 0:
            raise ValueError(f"a one-hot label is a vector of zeros and ones, got {onehot}")
        return onehot.nonzero().squeeze(-1)

    @staticmethod
    def label_to_onehot(label: torch.Tensor, num_classes: int) -> torch.Tensor:
        """A vector of `num_classes` zeros with ones at the indices in `label`."""
        _need_tensor(label)
        if label.numel() and int(label.max()) >= num_classes:
            raise ArgumentValueError(f"label {int(label.max())} does not fit into {num_classes} classes")
        onehot = label.new_zeros((num_classes,))
        onehot[label] = 1
        return onehot


def _need_tensor(value: Any) -> None:
    if not isinstance(value, torch.Tensor):
        raise ArgumentTypeError(f"labels are a tensor, got {type(value).__name__}")
