"""``mmmigrate doctor``"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import click

# What each package is for; the extras are named as pip takes them.
_REQUIRED = {"torch": "training", "libcst": "code conversion", "numpy": "training", "jinja2": "reports"}
_OPTIONAL = {"tensorboard": ("TensorboardLoggerHook and TensorboardVisBackend", "mmmigrate[tensorboard]")}
_PEERS = {"mmcv": "mmcv", "mmengine": "mmengine"}


@click.command(short_help="Say what is installed and what works.")
def command() -> None:
    """Say what is installed, what works with it, and what to do about the rest."""
    lines = [("ok", "Python", platform.python_version(), sys.executable)]
    lines += [_required(name, use) for name, use in _REQUIRED.items()]
    lines += [_optional(name, *use) for name, use in _OPTIONAL.items()]
    lines += [_peer(name) for name in _PEERS]
    for state, name, found, remark in lines:
        colour = {"ok": "green", "missing": "red"}.get(state, "yellow")
        click.echo(f"{click.style(f'{state:<8}', fg=colour)} {name:<12} {found:<14} {remark}")
    if any(state == "missing" for state, *_ in lines):
        sys.exit(2)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _required(name: str, use: str) -> tuple[str, str, str, str]:
    found = _installed(name)
    return ("ok", name, found, use) if found else ("missing", name, "-", f"{use}: pip install {name}")


def _optional(name: str, use: str, extra: str) -> tuple[str, str, str, str]:
    found = _installed(name)
    return ("ok", name, found, use) if found else ("optional", name, "-", f"{use}: pip install '{extra}'")


def _peer(name: str) -> tuple[str, str, str, str]:
    found = _installed(name)
    if found:
        return "note", name, found, "the real library: it and its alias cannot be used in the same process"
    return "ok", name, "-", "not needed: the runtimes answer its imports (mmmigrate.compat.aliases)"
