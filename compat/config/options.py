"""Config values from the command line: `--cfg-options model.depth=50 data.mean=[1,2,3]`."""

from __future__ import annotations

import copy
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterable
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentValueError

_CLOSING_OF = {"(": ")", "[": "]"}


class DictAction(Action):
    """An argparse action that gathers `KEY=VALUE` pairs into a dict; keys may be dotted.

    VALUE is an int, a float, true/false, None, a list `a,b` or `[a,b]`, a tuple `(a,b)`, nested as deep as wanted,
    or else a str. The option may be repeated. What can't be read is an error of `parse_args` that is both a ValueError
    and an AssertionError, with what was given: programs catch the one or the other.
    """

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: str | None = None
    ) -> None:
        option = option_string or self.dest
        options = copy.copy(getattr(namespace, self.dest, None) or {})
        for pair in [values] if isinstance(values, str) else values or []:
            key, equals, value = pair.partition("=")
            if not equals:
                raise ArgumentValueError(f"argument {option}: expected KEY=VALUE, got {pair!r}")
            try:
                options[key] = parse_value(value)
            except ValueError as error:
                raise ArgumentValueError(f"argument {option}: {error}") from error
        setattr(namespace, self.dest, options)

    @staticmethod
    def _parse_int_float_bool(val: str) -> Any:
        return _parse_scalar(val)

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        return parse_value(val)


class OptionsAction(DictAction):
    """A DictAction whose errors are those of the parser: usage, message, exit code 2."""

    def __call__(
        self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: str | None = None
    ) -> None:
        try:
            super().__call__(parser, namespace, values, option_string)
        except ArgumentValueError as error:
            parser.error(str(error))


def parse_value(text: str) -> Any:
    """The value that the text of an option stands for. Unbalanced brackets are a ValueError.

    >>> parse_value("[(1, 2), a]"), parse_value("1,2.5"), parse_value("True"), parse_value("None")
    ([(1, 2), 'a'], [1, 2.5], True, None)
    """
    text = given = text.strip("'\"").replace(" ", "")
    is_tuple = text.startswith("(") and text.endswith(")")
    if is_tuple or (text.startswith("[") and text.endswith("]")):
        text = text[1:-1]
    elif "," not in text:
        return _parse_scalar(text)
    parts = _split_commas(text)
    if parts == [given]:  # "[1,2)" and "a(1,2)" have commas, but none to split at
        raise ValueError(f"Imbalanced brackets exist in {text}")
    values = [parse_value(part) for part in parts]
    return tuple(values) if is_tuple else values


def _split_commas(text: str) -> list[str]:
    """The parts between commas that are in no bracket; a comma at the end adds no part."""
    parts, expected, start = [], "", 0
    for index, char in enumerate(text):
        if char in _CLOSING_OF:
            expected += _CLOSING_OF[char]
        elif char in _CLOSING_OF.values():
            if not expected.endswith(char):
                raise ValueError(f"Imbalanced brackets exist in {text}")
            expected = expected[:-1]
        elif char == "," and not expected:
            parts.append(text[start:index])
            start = index + 1
    if expected:
        raise ValueError(f"Imbalanced brackets exist in {text}")
    return parts + ([text[start:]] if start < len(text) else [])


def _parse_scalar(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    named = {"true": True, "false": False}.get(text.lower(), text)
    return None if text == "None" else named


def add_args(parser: ArgumentParser, cfg: dict[str, Any], prefix: str = "") -> ArgumentParser:
    """Gives the parser an option for every value of a config, with dotted names for nested dicts."""
    for key, value in cfg.items():
        option = f"--{prefix}{key}"
        if isinstance(value, str):
            parser.add_argument(option)
        elif isinstance(value, bool):
            parser.add_argument(option, action="store_true")
        elif isinstance(value, (int, float)):
            parser.add_argument(option, type=type(value))
        elif isinstance(value, dict):
            add_args(parser, value, f"{prefix}{key}.")
        elif isinstance(value, Iterable):
            parser.add_argument(option, type=type(next(iter(value), "")), nargs="+")
    return parser
