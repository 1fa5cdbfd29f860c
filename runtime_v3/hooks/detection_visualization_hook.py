"""DetVisualizationHook: shows or keeps detections while they are made, under mmdet's name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmmigrate.runtime_v3.fileio import get
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS
from mmmigrate.runtime_v3.storage import join
from mmmigrate.runtime_v3.visualization.colors import pillow

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


class DetVisualizationHook(Hook):
    """With `draw=True`, hands images and predictions to the visualizer: every `interval`-th of validation, all of test.

    Each prediction has `img_path`. `show` opens a window for `wait_time` seconds. `test_out_dir`: a folder in the log
    folder for the pictures of the test. `score_thr`: what is less sure is not drawn.
    """

    def __init__(
        self,
        draw: bool = False,
        interval: int = 50,
        score_thr: float = 0.3,
        show: bool = False,
        wait_time: float = 0.0,
        test_out_dir: str | None = None,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(f"DetVisualizationHook: interval must be at least 1, got {interval}")
        self.draw, self.interval, self.score_thr = draw, interval, score_thr
        self.show, self.wait_time = show, wait_time
        self.test_out_dir, self.backend_args = test_out_dir, backend_args
        self._tested = 0

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        seen = runner.iter + batch_idx
        if not self.draw or not outputs or seen % self.interval:
            return
        name = Path(outputs[0].img_path).name if self.show else "val_img"
        self._add(runner, name, outputs[0], seen, None)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        if not self.draw:
            return
        for output in outputs or []:
            self._tested += 1
            file = Path(output.img_path).name
            target = None if self.test_out_dir is None else join(join(runner.log_dir, self.test_out_dir), file)
            self._add(runner, file if self.show else "test_img", output, self._tested, target)

    def _add(self, runner: Runner, name: str, sample: Any, step: int, out_file: str | None) -> None:
        runner.visualizer.add_datasample(
            name,
            read_rgb(sample.img_path, self.backend_args),
            data_sample=sample,
            show=self.show,
            wait_time=self.wait_time,
            pred_score_thr=self.score_thr,
            out_file=out_file,
            step=step,
        )


def read_rgb(path: str, backend_args: dict[str, Any] | None = None) -> np.ndarray[Any, Any]:
    """The image in a file or at a URL as (H, W, 3) bytes."""
    picture = pillow("Image").open(io.BytesIO(get(path, backend_args=backend_args)))
    return np.asarray(picture.convert("RGB"))


# mmdet's own class comes first, where it is installed.
HOOKS.on_missing.append({"DetVisualizationHook": DetVisualizationHook}.get)
