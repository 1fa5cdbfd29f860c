"""What mmcv has for videos. Data: it is named in the message that says what to use instead."""

from __future__ import annotations

VIDEO_NAMES = (
    "Cache",
    "VideoReader",
    "concat_video",
    "convert_video",
    "cut_video",
    "dequantize_flow",
    "flow_from_bytes",
    "flow_warp",
    "flowread",
    "flowwrite",
    "frames2video",
    "quantize_flow",
    "resize_video",
    "sparse_flow_from_bytes",
)
FLOW_NAMES = ("flow2rgb", "flowshow", "make_color_wheel", "visualization.optflow")
