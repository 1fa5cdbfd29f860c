from mmmigrate.runtime_v3.model.base_model.base_model import BaseModel
from mmmigrate.runtime_v3.model.base_model.data_preprocessor import BaseDataPreprocessor, ImgDataPreprocessor

__all__ = ["BaseDataPreprocessor", "BaseModel", "ImgDataPreprocessor"]
