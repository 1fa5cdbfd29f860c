"""v3's parameter schedulers in a v2 run, for what no policy of mmcv can express.

    lr_config = dict(policy='mmmigrate.compat.adapters.V3', schedulers=[
        dict(type='PolyLR', power=0.9, eta_min=1e-4, begin=0, end=80000, by_epoch=False)])

runtime_v2 finds the hook by its path; where mmcv itself trains, import this module first (`custom_imports`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.adapters.engine import of_engine, real_mmcv_trains, v2_hook_base, v2_part

_START = "start_of_schedule"


class _V3Schedule:
    """Steps the schedulers as a v3 run does: after each iteration or epoch, hence here before the next one.

    v2's hook of the rate is called before the optimizer steps, so nothing is stepped after an iteration.
    """

    def __init__(self, schedulers: Any, by_epoch: bool = True) -> None:
        self.configs = schedulers
        self._schedulers: list[Any] = []
        self._iters = self._epochs = 0

    def before_run(self, runner: Any) -> None:
        for _, optimizer in self._optimizers(runner):
            for group in optimizer.param_groups:
                _restart(group)
        self._schedulers = []
        self._iters = self._epochs = 0

    def before_train_epoch(self, runner: Any) -> None:
        self._catch_up(runner)

    def before_train_iter(self, runner: Any) -> None:
        self._catch_up(runner)

    @staticmethod
    def _optimizers(runner: Any) -> list[tuple[str, Any]]:
        return list(runner.optimizer.items()) if isinstance(runner.optimizer, dict) else [("", runner.optimizer)]

    def _entries(self, name: str) -> list[Any]:
        given = self.configs
        if isinstance(given, Mapping) and "type" not in given:
            given = given[name]
        return [given] if isinstance(given, Mapping) else list(given or [])

    def _build(self, entry: Any, optimizer: Any, runner: Any) -> Any:
        config = dict(entry)
        in_epochs = runner.max_epochs is not None
        if config.get("by_epoch", True):
            config.setdefault("end", runner.max_epochs if in_epochs else 1)
        else:
            config.setdefault("end", runner.max_iters)
        length = len(runner.data_loader) if in_epochs else None
        own = {"optimizer": optimizer, "epoch_length": length}
        return of_engine("registry").PARAM_SCHEDULERS.build(config, default_args=own)

    def _catch_up(self, runner: Any) -> None:
        """Bring the schedulers to where the run is: one step as a rule, many after a resume."""
        length = len(runner.data_loader) if runner.max_epochs is not None else 0
        if not self._schedulers:  # only now is the loader known
            self._schedulers = [
                self._build(entry, optimizer, runner)
                for name, optimizer in self._optimizers(runner)
                for entry in self._entries(name)
            ]
        while self._iters < runner.iter:
            self._iters += 1
            self._step(False)
            if length and self._iters % length == 0:
                self._epochs += 1
                self._step(True)

    def _step(self, by_epoch: bool) -> None:
        for scheduler in self._schedulers:
            if bool(scheduler.by_epoch) is by_epoch:
                scheduler.step()


def _restart(group: dict[str, Any]) -> None:
    """Gives a group the values from which its schedules start; that of a checkpoint has those of its own time.

    They are kept in the group, and so in checkpoints: some schedulers change `initial_lr` itself.
    """
    if _START not in group:
        start = {"lr": group.get("initial_lr", group["lr"])}
        if "momentum" in group:
            start["momentum"] = group.get("initial_momentum", group["momentum"])
        elif "betas" in group:
            start["betas"] = (group.get("initial_momentum", group["betas"][0]), *group["betas"][1:])
        group[_START] = start
    group.update(group[_START])
    for name in ("initial_lr", "initial_momentum"):
        group.pop(name, None)


class V3LrUpdaterHook(_V3Schedule, v2_hook_base()):  # type: ignore[misc]
    """The hook of `policy='mmmigrate.compat.adapters.V3'`."""


if real_mmcv_trains():
    v2_part("runner").HOOKS.register_module(name="mmmigrate.compat.adapters.V3LrUpdaterHook", module=V3LrUpdaterHook)
