"""The ``mmmigrate`` command."""

from mmmigrate.compat.cli.main import main

__all__ = ["main"]
