"""The logger of a run: one line format on the screen and in the file."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentValueError, MissingKeyError
from mmmigrate.compat.dist import get_dist_info
from mmmigrate.runtime_v3.logging.manager import ManagerMixin
from mmmigrate.runtime_v3.logging.process_name import file_name_of_process
from mmmigrate.runtime_v3.logging.process_name import get_device_id as _get_device_id
from mmmigrate.runtime_v3.logging.process_name import get_host_info as _get_host_info
from mmmigrate.runtime_v3.logging.process_name import get_rank as _get_rank
from mmmigrate.runtime_v3.logging.process_name import get_world_size as _get_world_size

# mmengine's names for them: `from mmengine.logging.logger import _get_rank` is found in published code.
__all__ = [
    "FilterDuplicateWarning",
    "MMFormatter",
    "MMLogger",
    "_get_device_id",
    "_get_host_info",
    "_get_logging_file_handlers",
    "_get_rank",
    "_get_world_size",
    "print_log",
]

_COLOURS = {"ERROR": 31, "WARNING": 33, "INFO": 37, "DEBUG": 32}


class FilterDuplicateWarning(logging.Filter):
    """Lets a warning through once."""

    def __init__(self, name: str = "mmengine") -> None:
        super().__init__(name)
        self.seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        if record.msg in self.seen:
            return False
        self.seen.add(record.msg)
        return True


class MMFormatter(logging.Formatter):
    """`time - name - LEVEL - message`; an error also says where it was logged. `blink`: the level blinks."""

    def __init__(self, color: bool = True, blink: bool = False, **kwargs: Any) -> None:
        if blink and not color:
            raise ArgumentValueError("MMFormatter: blink=True needs color=True")
        super().__init__(**kwargs)
        self._style_codes = "\x1b[4m\x1b[5m" if blink else "\x1b[4m"
        self._formats = {level: self._format_of(level, color) for level in _COLOURS}

    def _format_of(self, level: str, color: bool) -> str:
        shown = f"{self._style_codes}\x1b[{_COLOURS[level]}m{level}\x1b[0m" if color else level
        place = " - %(pathname)s - %(funcName)s - %(lineno)d" if level == "ERROR" else ""
        return f"%(asctime)s - %(name)s - {shown}{place} - %(message)s"

    def format(self, record: logging.LogRecord) -> str:
        self._style._fmt = self._formats.get(record.levelname, self._formats["INFO"])
        return super().format(record)


class MMLogger(logging.Logger, ManagerMixin):
    """A logger that writes to stdout and, if `log_file` is given, to that file.

    Ranks above 0 show errors only. With `distributed`, or the level DEBUG, every rank writes a file of its own,
    `<name>_<user>@<host>_device<N>_rank<N>`. `file_handler_cfg`: another handler of `logging.handlers`,
    `dict(type='RotatingFileHandler', …)`.
    """

    def __init__(
        self,
        name: str,
        logger_name: str = "mmengine",
        log_file: str | None = None,
        log_level: int | str = "INFO",
        file_mode: str = "w",
        distributed: bool = False,
        file_handler_cfg: dict[str, Any] | None = None,
    ) -> None:
        logging.Logger.__init__(self, logger_name)
        ManagerMixin.__init__(self, name)
        level = logging.getLevelName(log_level) if isinstance(log_level, str) else log_level
        if not isinstance(level, int):
            raise ValueError(f"log_level {log_level!r} is not a level: use DEBUG, INFO, WARNING or ERROR")
        rank, world_size = get_dist_info()
        screen = logging.StreamHandler(sys.stdout)
        screen.setFormatter(MMFormatter(color=sys.stdout.isatty(), datefmt="%m/%d %H:%M:%S"))
        screen.setLevel(level if rank == 0 else logging.ERROR)
        self._add(screen, logger_name)
        self._log_file = log_file
        if log_file is None:
            return
        every_rank = (distributed or level <= logging.DEBUG) and world_size > 1
        if every_rank:
            path = Path(log_file)
            self._log_file = str(path.with_name(file_name_of_process(path.stem, path.suffix)))
        if rank == 0 or every_rank:
            handler = _file_handler(str(self._log_file), file_mode, file_handler_cfg)
            handler.setFormatter(MMFormatter(color=False, datefmt="%Y/%m/%d %H:%M:%S"))
            handler.setLevel(level)
            self._add(handler, logger_name)

    def _add(self, handler: logging.Handler, logger_name: str) -> None:
        handler.addFilter(FilterDuplicateWarning(logger_name))
        self.handlers.append(handler)

    @property
    def log_file(self) -> str | None:
        return self._log_file

    @classmethod
    def get_current_instance(cls) -> MMLogger:
        if not cls._instance_dict:
            cls.get_instance("mmengine")
        return super().get_current_instance()

    def callHandlers(self, record: logging.LogRecord) -> None:
        # The root logger stays out of it: its handlers would show every line a second time.
        for handler in self.handlers:
            if record.levelno >= handler.level:
                handler.handle(record)

    def setLevel(self, level: int | str) -> None:
        # `Logger.setLevel` clears the caches of loggers known to the manager of `logging`: this one is not among them.
        logging.Logger.setLevel(self, level)
        for logger in MMLogger._instance_dict.values():
            logger._cache.clear()


def _file_handler(path: str, mode: str, cfg: dict[str, Any] | None) -> logging.Handler:
    if cfg is None:
        return logging.FileHandler(path, mode)
    if not isinstance(cfg, dict):
        raise TypeError(f"file_handler_cfg must be a dict or None, got {cfg!r}")
    if "type" not in cfg:
        raise MissingKeyError(f"file_handler_cfg has no 'type', only {sorted(cfg)}")
    arguments = dict(cfg)
    kind = arguments.pop("type")
    known = _get_logging_file_handlers()
    if kind not in known:
        raise ValueError(f"`logging.handlers` does not contain {kind}: it has {sorted(known)}")
    arguments.setdefault("filename", path)
    return known[kind](**arguments)


def _get_logging_file_handlers() -> dict[str, type[logging.FileHandler]]:
    """The file handlers of the standard library, by name."""
    return {
        name: entry
        for name, entry in vars(logging.handlers).items()
        if isinstance(entry, type) and issubclass(entry, logging.FileHandler)
    }


def print_log(msg: Any, logger: logging.Logger | str | None = None, level: int = logging.INFO) -> None:
    """Says `msg` through a logger, one found by its name, the `'current'` one, `'silent'`, or (None) print."""
    if logger is None:
        print(msg)
    elif isinstance(logger, logging.Logger):
        logger.log(level, msg)
    elif logger == "current":
        MMLogger.get_current_instance().log(level, msg)
    elif not isinstance(logger, str):
        raise TypeError(f"logger must be a logging.Logger, a name, 'current', 'silent' or None, got {logger!r}")
    elif logger != "silent":
        if not MMLogger.check_instance_created(logger):
            raise ValueError(f"there is no MMLogger named {logger!r}; there are {sorted(MMLogger._instance_dict)}")
        MMLogger.get_instance(logger).log(level, msg)
