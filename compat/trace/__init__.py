"""Recording what training does, and comparing two recordings."""

from .compare import compare
from .format import TraceError
from .reader import TraceReader, read_curves
from .verdict import Comparison, Divergence

__all__ = ["Comparison", "Divergence", "TraceError", "TraceReader", "compare", "read_curves"]
