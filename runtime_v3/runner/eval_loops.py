"""Validation and test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.utils.data import DataLoader

from mmmigrate.runtime_v3.evaluator import Evaluator
from mmmigrate.runtime_v3.logging import HistoryBuffer
from mmmigrate.runtime_v3.optim import autocast
from mmmigrate.runtime_v3.registry import LOOPS
from mmmigrate.runtime_v3.runner.base_loop import BaseLoop
from mmmigrate.runtime_v3.structures import BaseDataElement

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner.runner import Runner


class _EvalLoop(BaseLoop):
    """Predicts every batch without gradients and evaluates. A data element `loss` at the end of a batch is averaged."""

    mode: ClassVar[str]

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        evaluator: Evaluator | dict[str, Any] | list[Any],
        fp16: bool = False,
    ) -> None:
        super().__init__(runner, dataloader)
        self.evaluator: Evaluator = runner.build_evaluator(evaluator)
        self.fp16 = fp16
        self.losses: dict[str, HistoryBuffer] = {}
        meta = self._dataset_meta("evaluator, metric and visualizer")
        if meta is not None:
            self.evaluator.dataset_meta = meta
            runner.visualizer.dataset_meta = meta

    def run(self) -> dict[str, Any]:
        runner, mode = self._runner, self.mode
        runner.call_hook(f"before_{mode}")
        runner.call_hook(f"before_{mode}_epoch")
        runner.model.eval()
        self.losses.clear()
        for batch_idx, data_batch in enumerate(self.dataloader):
            self.run_iter(batch_idx, data_batch)
        metrics = self.evaluator.evaluate(len(self.dataloader.dataset))
        metrics.update(self._mean_losses())
        runner.call_hook(f"after_{mode}_epoch", metrics=metrics)
        runner.call_hook(f"after_{mode}")
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        runner, mode = self._runner, self.mode
        runner.call_hook(f"before_{mode}_iter", batch_idx=idx, data_batch=data_batch)
        with autocast(enabled=self.fp16):
            outputs = getattr(runner.model, f"{mode}_step")(data_batch)
        outputs = self._take_losses(outputs)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        runner.call_hook(f"after_{mode}_iter", batch_idx=idx, data_batch=data_batch, outputs=outputs)

    def _take_losses(self, outputs: Any) -> Any:
        last = outputs[-1]
        if not (isinstance(last, BaseDataElement) and last.keys() == ["loss"]):
            return outputs
        for name, value in last.get("loss").items():
            entries = value if isinstance(value, (list, tuple)) else [value]
            for entry in entries:
                self.losses.setdefault(name, HistoryBuffer()).update(entry.item())
        return outputs[:-1]

    def _mean_losses(self) -> dict[str, Any]:
        if not self.losses:
            return {}
        means = {name: history.mean() for name, history in self.losses.items()}
        total = sum(mean for name, mean in means.items() if "loss" in name)
        return {**means, f"{self.mode}_loss": total}


@LOOPS.register_module()
class ValLoop(_EvalLoop):
    """Validation with the model's `val_step`. `fp16`: in mixed precision."""

    mode = "val"

    @property
    def val_loss(self) -> dict[str, HistoryBuffer]:
        return self.losses


@LOOPS.register_module()
class TestLoop(_EvalLoop):
    """Test with the model's `test_step`. `fp16`: in mixed precision."""

    mode = "test"

    @property
    def test_loss(self) -> dict[str, HistoryBuffer]:
        return self.losses
