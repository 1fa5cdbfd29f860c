"""The base of every loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner.runner import Runner


class BaseLoop:
    """Runs over a data loader; one given as a config is built with the runner's seed.

    Not an abstract base class, since asking whether an object is an instance of one takes several times as long.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader[Any] | dict[str, Any]) -> None:
        self._runner = runner
        self.dataloader: Any = dataloader
        if isinstance(dataloader, dict):
            diff_rank_seed = runner._randomness_cfg.get("diff_rank_seed", False)
            self.dataloader = runner.build_dataloader(dataloader, seed=runner.seed, diff_rank_seed=diff_rank_seed)

    @property
    def runner(self) -> Runner:
        return self._runner

    def run(self) -> Any:
        """Runs the whole loop."""
        raise NotImplementedError(f"{type(self).__name__} must define run")

    def _dataset_meta(self, wanted_by: str) -> Any:
        """The data set's `metainfo`; None, with a warning, if it has none."""
        dataset = self.dataloader.dataset
        if hasattr(dataset, "metainfo"):
            return dataset.metainfo
        self._runner.logger.warning(
            f"Dataset {type(dataset).__name__} has no metainfo. ``dataset_meta`` in {wanted_by} will be None."
        )
        return None
