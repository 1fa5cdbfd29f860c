from mmmigrate.runtime_v3.structures.base_data_element import BaseDataElement

__all__ = ["BaseDataElement"]
