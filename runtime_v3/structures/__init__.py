from mmmigrate.runtime_v3.structures.base_data_element import BaseDataElement
from mmmigrate.runtime_v3.structures.instance_data import InstanceData
from mmmigrate.runtime_v3.structures.label_data import LabelData
from mmmigrate.runtime_v3.structures.pixel_data import PixelData

__all__ = ["BaseDataElement", "InstanceData", "LabelData", "PixelData"]
