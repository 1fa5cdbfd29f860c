"""v2's evaluation in several processes: all of them take the batch-norm statistics of the first one before it.

custom_hooks = [dict(type='mmmigrate.compat.adapters.V2NormStatisticsHook')]
"""

from __future__ import annotations

from typing import Any

from torch import distributed
from torch.nn.modules.batchnorm import _BatchNorm

from mmmigrate.compat.adapters.engine import of_engine
from mmmigrate.compat.dist import get_dist_info


class _NormStatistics:
    """Gives every process rank 0's running means and variances before a validation; does nothing in one process.

    Distributed wrappers of both generations leave the statistics of plain batch norm apart, and mmengine evaluates
    with each process's own: the metrics are then those of several slightly different models.
    """

    priority: Any = "LOW"

    def before_val_epoch(self, runner: Any) -> None:
        _share(runner.model)

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """By iteration v2 evaluates from a hook, among the others of this iteration."""
        if _evaluates_next(runner):
            _share(runner.model)


def _share(model: Any) -> None:
    if get_dist_info()[1] == 1:
        return
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            for statistic in (module.running_var, module.running_mean):
                if statistic is not None:
                    distributed.broadcast(statistic, 0)


def _evaluates_next(runner: Any) -> bool:
    """Whether an iteration loop validates after this iteration; the same answer in every process."""
    loop, done = runner.train_loop, runner.iter + 1
    if runner.val_loop is None or not hasattr(loop, "dataloader_iterator"):
        return False
    if hasattr(loop, "_is_due"):
        return bool(loop._is_due(done))
    return bool(done >= loop.val_begin and (done % loop.val_interval == 0 or done == loop.max_iters))


V2NormStatisticsHook = type(
    "V2NormStatisticsHook",
    (_NormStatistics, of_engine("hooks").Hook),
    {"__doc__": _NormStatistics.__doc__, "__module__": __name__},
)
