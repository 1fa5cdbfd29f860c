"""A v3 model under a v2 runner: the same object, with v2's `train_step`, `val_step` and `forward(return_loss=…)`."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.adapters.loss import samples_in


class V3Model:
    """Mixed into a v3 model class (a BaseModel): v2's optimizer hook makes the step that v3's wrapper would make."""

    def train_step(self, data: Any, optimizer: Any = None, **kwargs: Any) -> dict[str, Any]:
        """`loss`, `log_vars` and `num_samples` of a batch."""
        return self._v2_outputs(data, training=True)

    def val_step(self, data: Any, optimizer: Any = None, **kwargs: Any) -> Any:
        """The same for a val phase, which computes the loss: v2's runner asks with no gradient."""
        return self._v2_outputs(data, training=False)

    def forward(self, *args: Any, return_loss: bool | None = None, **kwargs: Any) -> Any:
        """v2's test loop asks with `return_loss=False` and gets the predictions of the batch."""
        if return_loss is None:
            return super().forward(*args, **kwargs)  # type: ignore[misc]
        if return_loss:
            return self._run_forward(self.data_preprocessor(kwargs, True), mode="loss")  # type: ignore[attr-defined]
        return super().val_step(kwargs)  # type: ignore[misc]

    def _v2_outputs(self, data: Any, training: bool) -> dict[str, Any]:
        model: Any = self
        losses = model._run_forward(model.data_preprocessor(data, training), mode="loss")
        loss, log_vars = model.parse_losses(losses)
        numbers = {name: float(value) for name, value in log_vars.items()}
        return {"loss": loss, "log_vars": numbers, "num_samples": samples_in(data)}


def adapted_v3_model(v3_class: Any) -> Any:
    """A subclass that v2 can train; parts of a model (no `data_preprocessor`, so no BaseModel) stay as they are."""
    if not isinstance(v3_class, type) or not hasattr(v3_class, "_run_forward"):
        return v3_class
    return type(v3_class.__name__, (V3Model, v3_class), {"__doc__": v3_class.__doc__})
