"""`python -m mmmigrate.runtime_v2 CONFIG`."""

import sys

from mmmigrate.runtime_v2.cli import main

if __name__ == "__main__":
    sys.exit(main())
