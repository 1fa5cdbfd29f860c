"""Recording what training does, and comparing two recordings."""

from mmmigrate.compat.trace.compare import compare
from mmmigrate.compat.trace.format import TraceError
from mmmigrate.compat.trace.reader import TraceReader, read_curves
from mmmigrate.compat.trace.verdict import Comparison, Divergence

__all__ = ["Comparison", "Divergence", "TraceError", "TraceReader", "compare", "read_curves"]
