"""An installed codebase of v2: where its configs lie, and which of its files register what their runs need."""

from __future__ import annotations

from pathlib import Path

_REGISTERS = ("@HOOKS.register_module", "@OPTIMIZER_BUILDERS.register_module(force=True)", "class EvalHook")
_OF_RUNS = ("UpdaterHook", "OptimizerHook", "OPTIMIZER_BUILDERS", "class EvalHook")


def configs_of(folder: Path) -> Path:
    """The configs of an installed package, which wheels carry under `.mim`; another folder is taken as it is."""
    inside = folder / ".mim" / "configs"
    return inside if inside.is_dir() else folder


def hook_files(folder: Path) -> list[Path]:
    """Files of a package with updaters of rates, an optimizer constructor in mmcv's place, or an EvalHook."""
    found = []
    for path in sorted(folder.rglob("*.py")) if (folder / "__init__.py").is_file() else []:
        text = path.read_text(encoding="utf-8", errors="replace")
        if any(word in text for word in _REGISTERS) and any(word in text for word in _OF_RUNS):
            found.append(path)
    return found
