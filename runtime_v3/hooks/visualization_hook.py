"""Shows predictions while they are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.image_tensors import tensor2imgs
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class NaiveVisualizationHook(Hook):
    """Hands every `interval`-th test batch's images and predictions to the visualizer.

    Each entry of a batch has `inputs`, a (1, C, H, W) tensor, and `data_sample` with `ori_width`, `ori_height` and
    `img_path`, and optionally `img_norm_cfg` (`mean`, `std`, `to_bgr`) and `scale`, the size before padding.
    """

    priority = "NORMAL"

    def __init__(self, interval: int = 1, draw_gt: bool = True, draw_pred: bool = True) -> None:
        self._interval = interval
        self.draw_gt = draw_gt
        self.draw_pred = draw_pred

    def _unpad(self, image: np.ndarray[Any, Any], unpad_shape: tuple[int, int] = (0, 0)) -> np.ndarray[Any, Any]:
        """The image without its padding at the right and bottom; `unpad_shape` is (width, height)."""
        width, height = unpad_shape
        return image[:height, :width]

    def before_train(self, runner: Runner) -> None:
        runner.visualizer.add_graph(runner.model, None)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        if not self.every_n_inner_iters(batch_idx, self._interval):
            return
        for data, output in zip(data_batch, outputs or []):
            sample = data["data_sample"]
            image = tensor2imgs(data["inputs"], **sample.get("img_norm_cfg", {}))[0]
            size = (sample.ori_width, sample.ori_height)
            if "pad_shape" in sample:
                image = self._unpad(image, sample.get("scale", size))
            runner.visualizer.add_datasample(
                Path(sample.img_path).name,
                _resized(image, size),
                output,
                draw_gt=self.draw_gt,
                draw_pred=self.draw_pred,
            )


def _resized(image: np.ndarray[Any, Any], size: tuple[int, int]) -> np.ndarray[Any, Any]:
    """The image at (width, height), interpolated."""
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    resized = torch.nn.functional.interpolate(tensor, size=(size[1], size[0]), mode="bilinear", align_corners=False)
    return resized[0].permute(1, 2, 0).numpy()
