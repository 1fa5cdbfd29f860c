"""A verdict as a JUnit file, which every CI system shows."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.proof.printable import printable
from mmmigrate.compat.trace.verdict import DIVERGENT, NOT_COMPARED, Comparison


def write_junit(path: str | Path, comparison: Comparison, subject: str) -> None:
    """Writes one test case: it fails if training diverges and errs if nothing could be compared."""
    failures, errors = int(comparison.verdict == DIVERGENT), int(comparison.verdict == NOT_COMPARED)
    counts = {"tests": "1", "failures": str(failures), "errors": str(errors)}
    suite = Element("testsuite", {"name": "mmmigrate verify", "time": "0", **counts})
    case = SubElement(suite, "testcase", {"classname": "mmmigrate.verify", "name": printable(subject), "time": "0"})
    if failures or errors:
        kind = "failure" if failures else "error"
        message = printable(str(comparison))
        SubElement(case, kind, {"type": comparison.verdict, "message": message.splitlines()[0]}).text = message
    indent(suite)
    with atomic_write(Path(path), "w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n")
