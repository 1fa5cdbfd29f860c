"""Saving a run and going on with it."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable, Sequence
from typing import Any

from mmmigrate.compat.dist import get_dist_info
from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.logging import MessageHub, MMLogger
from mmmigrate.runtime_v3.model.wrappers import is_model_wrapper
from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.runner.checkpoint import (
    find_latest_checkpoint,
    get_state_dict,
    load_checkpoint_file,
    load_into,
    save_checkpoint,
    to_cpu,
    weights_to_cpu,
)
from mmmigrate.runtime_v3.runner.plain import as_plain
from mmmigrate.runtime_v3.runner.rank_state import load_rank_state, save_rank_state
from mmmigrate.runtime_v3.runner.resume_state import put_gradients, resume_state
from mmmigrate.runtime_v3.runner.rng_state import capture_rng_state, restore_rng_state
from mmmigrate.runtime_v3.sharding import is_sharded
from mmmigrate.runtime_v3.storage import join
from mmmigrate.runtime_v3.versions import framework_version


class Checkpointing:
    """What the runner saves and loads."""

    cfg: Any
    model: Any
    optim_wrapper: Any
    param_schedulers: Any
    logger: MMLogger
    message_hub: MessageHub
    _work_dir: str
    _randomness_cfg: dict[str, Any]
    _load_from: str | None
    _resume: bool
    _has_loaded: bool
    _saved_rng: dict[str, Any] | None = None
    _resumed_pass: dict[str, Any] | None = None

    def load_or_resume(self) -> None:
        """Loads `load_from`, or goes on from it or from the last checkpoint of the work folder; once."""
        if self._has_loaded:
            return
        resume_from = self._load_from if self._resume else None
        if self._resume and self._load_from is None:
            resume_from = find_latest_checkpoint(self._work_dir)
            self.logger.info(f"Auto resumed from the latest checkpoint {resume_from}.")
        if resume_from is not None:
            self.resume(resume_from)
        elif self._load_from is not None:
            self.load_checkpoint(self._load_from)
        self._has_loaded = resume_from is not None or self._load_from is not None

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: str | Callable[..., Any] = "default",
    ) -> None:
        """Loads model, position, histories, optimizer, schedules and the state of the random generators."""
        runner: Any = self
        location = get_device() if map_location == "default" else map_location
        checkpoint = self.load_checkpoint(filename, map_location=location)
        _check_resumable(checkpoint, filename)
        meta = checkpoint["meta"]
        runner.train_loop._epoch = meta["epoch"]
        runner.train_loop._iter = meta["iter"]
        self._resume_seed(filename, meta.get("seed"))
        self._compare_dataset(meta.get("dataset_meta"))
        self.message_hub.load_state_dict(checkpoint["message_hub"])
        if "optimizer" in checkpoint and resume_optimizer:
            self.optim_wrapper = runner.build_optim_wrapper(self.optim_wrapper)
            self.optim_wrapper.load_state_dict(checkpoint["optimizer"])
        if resume_param_scheduler and self.param_schedulers is None:
            self.logger.warning("There are no parameter schedulers to be resumed.")
        elif resume_param_scheduler and "param_schedulers" in checkpoint:
            self.param_schedulers = runner.build_param_scheduler(self.param_schedulers)
            _load_schedulers(self.param_schedulers, checkpoint["param_schedulers"])
        # Set by the loop when it really goes on: building and skipping data still draws numbers.
        own = load_rank_state(filename, get_dist_info()[0], meta["iter"]) or checkpoint
        self._saved_rng = own.get("rng_state")
        self._resumed_pass = own.get("resume_state", {}).get("data")
        put_gradients(self._bare_model(), own.get("resume_state", {}).get("gradients"))
        self._has_loaded = True
        self.logger.info(f"resumed epoch: {runner.epoch}, iter: {runner.iter}")

    def continue_random_numbers(self) -> bool:
        """Sets the random generators of a resumed run to where the saved one stood.

        True if the checkpoint was saved before the validation that belongs to it: that must be made up for, or its
        metrics, and the numbers it draws, are missing. mmengine saves no such state and leaves the validation out.
        """
        state, self._saved_rng = self._saved_rng, None
        if state is None:
            return False
        restore_rng_state(state)
        return bool(state.get("stage") != "val")

    def resumed_pass(self) -> dict[str, Any] | None:
        """Where in its data the saved run stood, for the loop to go on there; once. None between epochs."""
        position, self._resumed_pass = self._resumed_pass, None
        return position

    def _resume_seed(self, filename: str, saved: int | None) -> None:
        current = self._randomness_cfg.get("seed")
        if saved is None or saved == current:
            return
        if current is not None:
            self.logger.warning(
                f'The value of random seed in the checkpoint "{saved}" is different from the value in `randomness` '
                f'config "{current}"'
            )
        self._randomness_cfg["seed"] = saved
        self.set_randomness(**self._randomness_cfg)

    def set_randomness(self, seed: int | None, diff_rank_seed: bool = False, deterministic: bool = False) -> None:
        raise NotImplementedError  # the runner's own comes first

    def _compare_dataset(self, saved: Any) -> None:
        runner: Any = self
        current = as_plain(getattr(runner.train_dataloader.dataset, "metainfo", None))
        if pickle.dumps(saved) != pickle.dumps(current) and saved != current:
            self.logger.warning(
                "The dataset metainfo from the resumed checkpoint is different from the current training dataset, "
                "please check the correctness of the checkpoint or the training dataset."
            )

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable[..., Any] = "cpu",
        strict: bool = False,
        revise_keys: Sequence[tuple[str, str]] = (("^module.", ""),),
    ) -> dict[str, Any]:
        """Loads the weights of a checkpoint into the model and returns its content."""
        checkpoint = load_checkpoint_file(filename, map_location=map_location)
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)  # type: ignore[attr-defined]
        load_into(self._bare_model(), checkpoint, strict, "current", revise_keys)
        self._has_loaded = True
        self.logger.info(f"Load checkpoint from {filename}")
        return checkpoint

    def _bare_model(self) -> Any:
        return self.model.module if is_model_wrapper(self.model) else self.model

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict[str, Any] | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict[str, Any] | None = None,
        by_epoch: bool = True,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        """Writes a checkpoint atomically, in process 0; all processes must call it.

        `meta` without 'epoch' and 'iter' counts the one just being finished.
        """
        runner: Any = self
        if meta is not None and not isinstance(meta, dict):
            raise TypeError(f"meta should be a dict or None, got {type(meta).__name__}")
        rank = get_dist_info()[0]
        is_master = rank == 0
        meta = dict(meta or {})
        meta.setdefault("epoch", runner.epoch + (1 if by_epoch else 0))
        meta.setdefault("iter", runner.iter + (0 if by_epoch else 1))
        if not is_master and save_optimizer:
            state = {"iter": meta["iter"], **self._going_on()}
            save_rank_state(join(out_dir, filename), rank, state)
        if not is_master and not is_sharded(self.model):
            return
        if save_optimizer and not isinstance(self.optim_wrapper, OptimWrapper):
            raise TypeError(f"the optimizer is not built yet: {self.optim_wrapper!r}")
        # All processes give their parts of what is sharded.
        weights = weights_to_cpu(get_state_dict(self.model))
        optimizer = to_cpu(self.optim_wrapper.state_dict()) if save_optimizer else None
        if not is_master:
            # Hooks gather what they add, the average for one, in all processes.
            self.call_hook("before_save_checkpoint", checkpoint={"state_dict": weights})  # type: ignore[attr-defined]
            return
        meta.update(self._describe_run())
        checkpoint: dict[str, Any] = {
            "meta": as_plain(meta, "meta"),
            "state_dict": weights,
            "message_hub": as_plain(to_cpu(self.message_hub.state_dict()), "message_hub"),
        }
        if save_optimizer:
            checkpoint["optimizer"] = optimizer
        if save_param_scheduler and self.param_schedulers is None:
            self.logger.log(logging.WARNING, "There are no parameter schedulers to be saved.")
        elif save_param_scheduler:
            checkpoint["param_schedulers"] = _scheduler_states(self.param_schedulers)
        if save_optimizer:
            checkpoint.update(self._going_on())
        self.call_hook("before_save_checkpoint", checkpoint=checkpoint)  # type: ignore[attr-defined]
        save_checkpoint(checkpoint, join(out_dir, filename), file_client_args, backend_args)

    def _going_on(self) -> dict[str, Any]:
        """What this process needs to go on exactly."""
        state = resume_state(self)
        rng = {**capture_rng_state(), "stage": self.message_hub.get_info("loop_stage")}
        return {"rng_state": rng, **({"resume_state": state} if state else {})}

    def _describe_run(self) -> dict[str, Any]:
        runner: Any = self
        described = {
            "cfg": self.cfg.pretty_text,
            "seed": runner.seed,
            "experiment_name": runner.experiment_name,
            "time": time.strftime("%Y%m%d_%H%M%S", time.localtime()),
            "mmengine_version": framework_version(),
        }
        metainfo = getattr(runner.train_dataloader.dataset, "metainfo", None)
        return described if metainfo is None else {**described, "dataset_meta": metainfo}


def _scheduler_states(schedulers: Any) -> Any:
    if isinstance(schedulers, dict):
        return {name: [scheduler.state_dict() for scheduler in group] for name, group in schedulers.items()}
    return [scheduler.state_dict() for scheduler in schedulers]


def _load_schedulers(schedulers: Any, states: Any) -> None:
    if isinstance(schedulers, dict):
        for name, group in schedulers.items():
            _load_schedulers(group, states[name])
        return
    if len(schedulers) != len(states):
        raise ValueError(
            f"the checkpoint has {len(states)} parameter schedulers and this run {len(schedulers)}: resume with the "
            "schedule that it was trained with, or load it with load_from and without resume"
        )
    for scheduler, state in zip(schedulers, states):
        scheduler.load_state_dict(state)


def _check_resumable(checkpoint: dict[str, Any], filename: str) -> None:
    if "message_hub" in checkpoint and {"epoch", "iter"} <= checkpoint.get("meta", {}).keys():
        return
    if "meta" in checkpoint:
        raise KeyError(
            f"{filename} has no 'message_hub': it was saved by mmcv 1.x. Convert it first: mmmigrate checkpoint "
            f"{filename} NEW.pth --to v3"
        )
    raise KeyError(
        f"{filename} holds weights only ({sorted(checkpoint)[:5]} …): training cannot be resumed from it. Use "
        "load_from without resume"
    )
