"""Labels of a whole image."""

from __future__ import annotations

import torch

from mmmigrate.runtime_v3.structures.base_data_element import BaseDataElement


class LabelData(BaseDataElement):
    """Labels, as indices or one-hot."""

    @staticmethod
    def onehot_to_label(onehot: torch.Tensor) -> torch.Tensor:
        """The indices of the ones in a vector of zeros and ones.

        >>> LabelData.onehot_to_label(torch.tensor([0, 1, 1]))
        tensor([1, 2])
        """
        if onehot.ndim != 1 or onehot.max().item() > 1 or onehot.min().item() < 0:
            raise ValueError(f"a one-hot label is a vector of zeros and ones, got {onehot}")
        return onehot.nonzero().squeeze(-1)

    @staticmethod
    def label_to_onehot(label: torch.Tensor, num_classes: int) -> torch.Tensor:
        """A vector of `num_classes` zeros with ones at the indices in `label`."""
        if label.numel() and int(label.max()) >= num_classes:
            raise ValueError(f"label {int(label.max())} does not fit into {num_classes} classes")
        onehot = label.new_zeros((num_classes,))
        onehot[label] = 1
        return onehot
