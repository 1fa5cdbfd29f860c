"""The loggers of a process: one handler each, files only on rank 0."""

from __future__ import annotations

import logging

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.dist import get_dist_info

logger_initialized: dict[str, bool] = {}


def get_logger(
    name: str, log_file: str | None = None, log_level: int | str = logging.INFO, file_mode: str = "w"
) -> logging.Logger:
    """The logger called `name`, set up on first use: to stderr, and on rank 0 to `log_file` as well.

    Ranks other than 0 log errors only. A logger whose name begins with that of one set up before is left as it is.
    """
    logger = logging.getLogger(name)
    if any(name.startswith(known) for known in logger_initialized):
        return logger
    # torch's DDP puts a handler on the root logger, which would repeat what other ranks log
    for handler in logger.root.handlers:
        if type(handler) is logging.StreamHandler:
            handler.setLevel(logging.ERROR)
    rank, _ = get_dist_info()
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if rank == 0 and log_file is not None:
        handlers.append(logging.FileHandler(log_file, file_mode))
    formatter = logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    for handler in handlers:
        handler.setFormatter(formatter)
        handler.setLevel(log_level)
        logger.addHandler(handler)
    logger.setLevel(log_level if rank == 0 else logging.ERROR)
    logger_initialized[name] = True
    return logger


def print_log(msg: object, logger: logging.Logger | str | None = None, level: int = logging.INFO) -> None:
    """Log `msg` to a logger or the one so named; None prints it, 'silent' drops it."""
    if logger is None:
        print(msg)
    elif isinstance(logger, logging.Logger):
        logger.log(level, msg)
    elif not isinstance(logger, str):
        raise ArgumentTypeError(f"logger should be a logging.Logger, a str or None, got {type(logger).__name__}")
    elif logger != "silent":
        get_logger(logger).log(level, msg)
