"""Errors about arguments that code written for mmcv and mmengine catches as AssertionError.

Those libraries check their arguments with `assert`, which `python -O` takes out and which says nothing about the kind
of mistake. Here the checks stay, the kinds are the usual ones, and both ways of catching them work.
"""


class ArgumentTypeError(TypeError, AssertionError):
    """An argument is of the wrong type."""


class ArgumentValueError(ValueError, AssertionError):
    """An argument has a value that is not allowed, alone or beside another."""


class MissingKeyError(KeyError, AssertionError):
    """A dict lacks a key, or a name is not known."""

    # KeyError shows the repr of its message.
    __str__ = AssertionError.__str__


class MissingMethodError(AttributeError, AssertionError):
    """An object lacks a method that is needed."""


class ArgumentIndexError(IndexError, AssertionError):
    """An index does not fit what it is used on."""


class StateError(RuntimeError, AssertionError):
    """Something is asked for before it can be, or after."""
