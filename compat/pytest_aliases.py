"""A pytest plugin that puts the aliases in place first: pytest -p mmmigrate.compat.pytest_aliases.

MMMIGRATE_ALIASES=mmcv, a list with commas, limits it to some of the libraries.
"""

from __future__ import annotations

import os

from mmmigrate.compat.aliases import install
from mmmigrate.compat.aliases.table import LIBRARIES

# At import, not in a hook: other plugins and conftest files import mmcv as soon as they are loaded.
_names = os.environ.get("MMMIGRATE_ALIASES")
install(*(_names.split(",") if _names else LIBRARIES))
