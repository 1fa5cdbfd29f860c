"""TrackedPass: one pass over a data loader that knows where it is, so that another process can go on there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class TrackedPass:
    """The batches of one pass. `capture` and `restore` get and set the state of the random generators.

    From a `state` the pass is served again up to there, since loading a batch, and workers, draw random numbers too.
    """

    def __init__(
        self,
        data_loader: Any,
        capture: Callable[[], dict[str, Any]],
        restore: Callable[[dict[str, Any]], None],
        state: dict[str, Any] | None = None,
    ) -> None:
        if state is not None:
            restore(state["rng"])
        self._capture = capture
        self._rng = capture()
        self._batches = iter(data_loader)
        self._first: dict[str, Any] | None = None
        self.served = 0
        """How many batches were given."""
        if state is not None and state["served"]:
            # a sampler shuffles when it is first asked, and others may have drawn numbers by then
            if "first" in state:
                restore(state["first"])
            for _ in range(state["served"]):
                next(self)

    def __iter__(self) -> Iterator[Any]:
        # A generator takes a third of the time of a call of `__next__` for each batch.
        for batch in self._batches:
            self.served += 1
            yield batch

    def __next__(self) -> Any:
        if self._first is None:
            self._first = self._capture()
        batch = next(self._batches)
        self.served += 1
        return batch

    def state(self) -> dict[str, Any]:
        """The random states when the pass (`rng`) and its first batch (`first`) were made, and the batches since."""
        first = {} if self._first is None else {"first": self._first}
        return {"rng": self._rng, **first, "served": self.served}
