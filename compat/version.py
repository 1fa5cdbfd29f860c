"""Versions as tuples of numbers that compare as they should."""

from __future__ import annotations

import subprocess

from packaging.version import parse

_PRE_RELEASE = {"a": -3, "b": -2, "rc": -1}


def digit_version(version_str: str, length: int = 4) -> tuple[int, ...]:
    """`length` numbers of the release and two for what kind it is: pre-releases sort before it, post-releases after.

    >>> digit_version("1.7.2"), digit_version("2.0.0rc4") < digit_version("2.0.0")
    ((1, 7, 2, 0, 0, 0), True)
    """
    version = parse(version_str)
    release = (*version.release, *[0] * length)[:length]
    if version.pre is not None:
        return (*release, _PRE_RELEASE[version.pre[0]], version.pre[1])
    if version.is_devrelease:
        return (*release, -4, 0)
    if version.post is not None:
        return (*release, 1, version.post)
    return (*release, 0, 0)


def parse_version_info(version_str: str, length: int = 4) -> tuple[int | str, ...]:
    """`length` numbers, then the kind ("a", "b", "rc", "post" or 0) and number of a pre- or post-release.

    >>> parse_version_info("1.3.0rc1")
    (1, 3, 0, 0, 'rc', 1)
    """
    version = parse(version_str)
    release = (*version.release, *[0] * length)[:length]
    if version.pre is not None:
        return (*release, *version.pre)
    if version.post is not None:
        return (*release, "post", version.post)
    return (*release, 0, 0)


def get_git_hash(fallback: str = "unknown", digits: int | None = None) -> str:
    """The hash of the commit that is checked out in the current folder, its first `digits` only; else `fallback`."""
    if digits is not None and not isinstance(digits, int):
        raise TypeError("digits must be None or an integer")
    try:
        output = _minimal_ext_cmd(["git", "rev-parse", "HEAD"])
    except (OSError, subprocess.CalledProcessError):
        return fallback
    return output.strip().decode("ascii")[:digits]


def _minimal_ext_cmd(cmd: list[str]) -> bytes:
    # Tests of v2 and v3 projects put a function of their own in its place, by this name.
    return subprocess.run(cmd, capture_output=True, check=True).stdout
