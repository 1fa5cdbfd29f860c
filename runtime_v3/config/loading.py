"""Text configs of the new generation: bases may lie in other packages, `mmdet::faster_rcnn/x.py`."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.config import Loader as _CoreLoader
from mmmigrate.compat.packages import package_folder
from mmmigrate.runtime_v3.config.errors import ConfigParsingError
from mmmigrate.runtime_v3.config.python_config import is_python_config


class Loader(_CoreLoader):
    """Loads a text config and its bases; those of other packages get that package's scope."""

    def __init__(
        self,
        use_predefined_variables: bool = True,
        use_environment_variables: bool = True,
        lazy_import: bool | None = None,
    ) -> None:
        super().__init__(use_predefined_variables, use_environment_variables)
        self.lazy_import = lazy_import

    def resolve_base(self, base: str, path: str) -> tuple[str, str | None]:
        """`(path, scope)` of a base; `package::file` lies in the configs that the package installed."""
        package, separator, file = base.partition("::")
        if not separator:
            return super().resolve_base(base, path)
        if not package.isidentifier() or "::" in file or not file:
            raise ValueError(f"{path}: a base of another package is written package::folder/file.py, got {base!r}")
        return str(package_folder(package) / ".mim" / "configs" / file), package

    def in_scope(self, values: dict[str, Any], scope: str) -> dict[str, Any]:
        """The values with `_scope_` in the outermost dicts that have a `type`."""
        return {key: _with_scope(value, scope) for key, value in values.items()}

    def _values_and_bases(self, source: Any, chain: tuple[str, ...]) -> Any:
        if self.lazy_import is None and source.path.endswith(".py") and is_python_config(source.text, source.path):
            raise ConfigParsingError(
                f"{source.path} is a pure-Python config (it has `with read_base():` or imports) and can't be a base of "
                f"{chain[0]}, which names its bases in _base_: both must be of the same kind"
            )
        return super()._values_and_bases(source, chain)


def _with_scope(value: Any, scope: str) -> Any:
    if isinstance(value, dict):
        if "type" in value:
            return {**value, "_scope_": scope} if value.get("_scope_") is None else value
        return {key: _with_scope(item, scope) for key, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return type(value)([_with_scope(item, scope) for item in value])
    return value
