"""The mmengine training model on today's PyTorch."""
