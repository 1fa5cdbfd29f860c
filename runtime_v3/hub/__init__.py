from mmmigrate.runtime_v3.hub.hub import get_config, get_model

__all__ = ["get_config", "get_model"]
