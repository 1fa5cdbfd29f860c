"""The mmcv 1.x training model on today's PyTorch."""
