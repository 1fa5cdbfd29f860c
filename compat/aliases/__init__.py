"""`import mmcv` and `import mmengine`, answered by the runtimes.

from mmmigrate.compat import aliases
aliases.install("mmcv")
from mmcv.runner import HOOKS, Hook  # the classes of mmmigrate.runtime_v2
"""

from mmmigrate.compat.aliases.install import RealLibraryLoadedError, install, installed, uninstall
from mmmigrate.compat.aliases.resolve import import_path

__all__ = ["RealLibraryLoadedError", "import_path", "install", "installed", "uninstall"]
