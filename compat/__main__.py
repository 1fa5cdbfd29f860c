"""``python -m mmmigrate.compat`` is ``mmmigrate``."""

from mmmigrate.compat.cli import main

main()
