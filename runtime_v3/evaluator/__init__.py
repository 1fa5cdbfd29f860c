from mmmigrate.runtime_v3.evaluator.evaluator import Evaluator, get_metric_value
from mmmigrate.runtime_v3.evaluator.metric import BaseMetric, DumpResults

__all__ = ["BaseMetric", "DumpResults", "Evaluator", "get_metric_value"]
