from mmmigrate.runtime_v3.visualization.vis_backend import BaseVisBackend, LocalVisBackend, TensorboardVisBackend
from mmmigrate.runtime_v3.visualization.visualizer import Visualizer

__all__ = ["BaseVisBackend", "LocalVisBackend", "TensorboardVisBackend", "Visualizer"]
