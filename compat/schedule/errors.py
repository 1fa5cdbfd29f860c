"""The error of a schedule that mmcv would not accept either."""

from __future__ import annotations

from mmmigrate.compat.argument_errors import ArgumentValueError


class ScheduleError(ArgumentValueError):
    """A schedule's policy, argument or run length is wrong; the message names it and what to do."""
