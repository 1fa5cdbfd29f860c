"""From a config file and the command line's options to a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmigrate.runtime_v3.config.config import Config


def configure(
    path: Path,
    *,
    work_dir: str | None = None,
    resume: str | None = None,
    amp: bool = False,
    auto_scale_lr: bool = False,
    launcher: str = "none",
    options: dict[str, Any] | None = None,
) -> Config:
    """The config of `path` with the options in it. `resume`: a checkpoint, or 'auto' for the last one.

    Raises ValueError if the config has nothing that `amp` or `auto_scale_lr` could act on.
    """
    cfg = Config.fromfile(str(path))
    cfg.launcher = launcher
    if options:
        cfg.merge_from_dict(options)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get("work_dir") is None:
        cfg.work_dir = str(Path("work_dirs") / path.stem)
    if amp:
        _switch_to_amp(cfg)
    if auto_scale_lr:
        settings = cfg.get("auto_scale_lr") or {}
        if "base_batch_size" not in settings:
            raise ValueError(f"--auto-scale-lr: {path} has no auto_scale_lr.base_batch_size to scale from")
        cfg.auto_scale_lr = {**settings, "enable": True}
    if resume is not None:
        cfg.resume = True
        cfg.load_from = None if resume == "auto" else resume
    return cfg


def name_own_scope(cfg: Config) -> None:
    """Sets `default_scope`, if nothing does, to the package of `custom_imports` that has registries below mmengine's.

    mmengine looks into those only where `default_scope` says so, which a project that had one set of registries
    never needed. Of several such packages none is chosen.
    """
    from mmmigrate.runtime_v3 import registry

    roots = (value for value in vars(registry).values() if isinstance(value, registry.Registry))
    scopes = {scope for root in roots for scope in root.children}
    imports = (cfg.get("custom_imports") or {}).get("imports") or ()
    packages = {name.partition(".")[0] for name in ([imports] if isinstance(imports, str) else imports)} & scopes
    if cfg.get("default_scope") is None and len(packages) == 1:
        cfg.default_scope = packages.pop()


def _switch_to_amp(cfg: Config) -> None:
    wrapper = cfg.get("optim_wrapper")
    if wrapper is None:
        raise ValueError("--amp: the config has no optim_wrapper")
    kind = wrapper.get("type", "OptimWrapper")
    # pure-Python configs name the class itself
    kind = getattr(kind, "__name__", kind)
    if kind not in ("OptimWrapper", "AmpOptimWrapper"):
        raise ValueError(f"--amp: optim_wrapper.type={kind!r} has no form in mixed precision")
    wrapper["type"] = "AmpOptimWrapper"
    wrapper.setdefault("loss_scale", "dynamic")


def run(cfg: Config) -> Any:
    """Builds the runner of the config, of class `runner_type` if that is given, and trains."""
    # Building registers adapters and imports torch: not before it is clear that the command is right.
    from mmmigrate.runtime_v3.registry import RUNNERS
    from mmmigrate.runtime_v3.runner import Runner

    name_own_scope(cfg)
    runner = RUNNERS.build(cfg) if "runner_type" in cfg else Runner.from_cfg(cfg)
    return runner.train()
