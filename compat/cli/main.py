"""The group of commands; each is imported only when it is called, so that converting never imports torch."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

# command -> module of this package that has it as `command`
COMMANDS = {
    "config": ("config", "Convert config files or folders."),
    "code": ("code", "Rewrite Python files or packages."),
    "verify": ("verify", "Prove that a conversion trains the same."),
    "compare": ("compare", "Compare two recorded traces."),
    "schedule": ("schedule", "Show every rate, evaluation and checkpoint of a run."),
    "train": ("train", "Run a config in the runtime of its generation."),
    "checkpoint": ("checkpoint", "Convert checkpoints, so that training goes on in the other generation."),
    "log": ("log", "Convert logged scalars, so that curves continue."),
    "rules": ("rules", "List the rules."),
    "explain": ("explain", "Explain a code."),
    "doctor": ("doctor", "Say what is installed and what works."),
}


def leave(code: object) -> None:
    """Ends the process without taking its memory apart, which of a large package's syntax trees takes a tenth of it.

    Files are closed and written by then. It returns where something else may have to be done at exit: whatever loads
    torch may have threads, process groups or loggers.
    """
    if "torch" in sys.modules or "coverage" in sys.modules or not (code is None or isinstance(code, int)):
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code or 0)


class _LazyGroup(click.Group):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Called with nothing, it is the program, and ends as `leave` says."""
        try:
            return super().__call__(*args, **kwargs)
        except SystemExit as error:
            if not (args or kwargs):
                leave(error.code)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"mmmigrate.compat.cli.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mmmigrate", prog_name="mmmigrate")
def main() -> None:
    """Move projects between mmcv 1.x (v2) and mmengine (v3), run both, prove that training is the same."""
