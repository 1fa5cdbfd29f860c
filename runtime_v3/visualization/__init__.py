from mmmigrate.runtime_v3.visualization.detection import DetLocalVisualizer
from mmmigrate.runtime_v3.visualization.services import (
    AimVisBackend,
    ClearMLVisBackend,
    DVCLiveVisBackend,
    MLflowVisBackend,
    NeptuneVisBackend,
    WandbVisBackend,
)
from mmmigrate.runtime_v3.visualization.vis_backend import BaseVisBackend, LocalVisBackend, TensorboardVisBackend
from mmmigrate.runtime_v3.visualization.visualizer import Visualizer

__all__ = [
    "AimVisBackend",
    "BaseVisBackend",
    "ClearMLVisBackend",
    "DVCLiveVisBackend",
    "DetLocalVisualizer",
    "LocalVisBackend",
    "MLflowVisBackend",
    "NeptuneVisBackend",
    "TensorboardVisBackend",
    "Visualizer",
    "WandbVisBackend",
]
