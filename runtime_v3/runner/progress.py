"""Where a run stands, and its parts under their public names."""

from __future__ import annotations

from typing import Any

from mmmigrate.runtime_v3.runner.base_loop import BaseLoop


class Progress:
    """The read-only properties of the runner. Asking for a loop builds it."""

    _experiment_name: str
    _model_name: str
    _work_dir: str
    _log_dir: str
    _launcher: str
    _distributed: bool
    _rank: int
    _world_size: int
    _deterministic: bool
    _seed: int
    _timestamp: str
    _train_loop: Any
    _val_loop: Any
    _test_loop: Any

    @property
    def experiment_name(self) -> str:
        return self._experiment_name

    @property
    def model_name(self) -> str:
        return self._model_name

    @property
    def work_dir(self) -> str:
        return self._work_dir

    @property
    def log_dir(self) -> str:
        return self._log_dir

    @property
    def launcher(self) -> str:
        return self._launcher

    @property
    def distributed(self) -> bool:
        return self._distributed

    @property
    def rank(self) -> int:
        return self._rank

    @property
    def world_size(self) -> int:
        return self._world_size

    @property
    def deterministic(self) -> bool:
        return self._deterministic

    @property
    def seed(self) -> int:
        return self._seed

    @property
    def timestamp(self) -> str:
        return self._timestamp

    @property
    def has_train_loop(self) -> bool:
        """Whether the training loop is built: before that there is no epoch or iteration to speak of."""
        return isinstance(self._train_loop, BaseLoop)

    @property
    def train_loop(self) -> Any:
        if self._train_loop is not None and not isinstance(self._train_loop, BaseLoop):
            self._train_loop = self.build_train_loop(self._train_loop)  # type: ignore[attr-defined]
        return self._train_loop

    @property
    def val_loop(self) -> Any:
        if self._val_loop is not None and not isinstance(self._val_loop, BaseLoop):
            self._val_loop = self.build_val_loop(self._val_loop)  # type: ignore[attr-defined]
        return self._val_loop

    @property
    def test_loop(self) -> Any:
        if self._test_loop is not None and not isinstance(self._test_loop, BaseLoop):
            self._test_loop = self.build_test_loop(self._test_loop)  # type: ignore[attr-defined]
        return self._test_loop

    @property
    def max_epochs(self) -> int:
        return self._of_train_loop("max_epochs")

    @property
    def max_iters(self) -> int:
        loop = self._train_loop
        if isinstance(loop, BaseLoop):  # asked for in every iteration
            most: int = loop.max_iters  # type: ignore[attr-defined]
            return most
        return self._of_train_loop("max_iters")

    @property
    def epoch(self) -> int:
        """Finished epochs; 0 without training."""
        return self._of_train_loop("epoch")

    @property
    def iter(self) -> int:
        """Finished iterations; 0 without training."""
        loop = self._train_loop
        if isinstance(loop, BaseLoop):  # asked for several times in every iteration
            done: int = loop.iter  # type: ignore[attr-defined]
            return done
        return self._of_train_loop("iter")

    def _of_train_loop(self, name: str) -> int:
        loop = self._train_loop if isinstance(self._train_loop, BaseLoop) else self.train_loop
        number: int = 0 if loop is None else getattr(loop, name)
        return number

    @property
    def train_dataloader(self) -> Any:
        return self.train_loop.dataloader

    @property
    def val_dataloader(self) -> Any:
        return self.val_loop.dataloader

    @property
    def test_dataloader(self) -> Any:
        return self.test_loop.dataloader

    @property
    def val_evaluator(self) -> Any:
        return self.val_loop.evaluator

    @property
    def test_evaluator(self) -> Any:
        return self.test_loop.evaluator

    @property
    def val_interval(self) -> int:
        interval: int = self.train_loop.val_interval
        return interval

    @property
    def val_begin(self) -> int:
        begin: int = self.train_loop.val_begin
        return begin
