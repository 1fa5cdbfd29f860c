"""`python -m mmmigrate.runtime_v2 CONFIG`."""

from mmmigrate.compat.dist import end_process
from mmmigrate.runtime_v2.cli import main

if __name__ == "__main__":
    end_process(main())
