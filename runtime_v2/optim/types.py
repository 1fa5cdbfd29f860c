"""The type of what a runner trains with."""

from __future__ import annotations

from typing import TypeAlias

from torch.optim import Optimizer

Optimizers: TypeAlias = Optimizer | dict[str, Optimizer]
"""One optimizer, or several by name (as in a GAN)."""
