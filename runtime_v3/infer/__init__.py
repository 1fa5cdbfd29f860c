from mmmigrate.runtime_v3.infer.inferencer import BaseInferencer, InferencerMeta

__all__ = ["BaseInferencer", "InferencerMeta"]
