from mmmigrate.runtime_v3.testing._internal.distributed import TEST_SKIPS, MultiProcessTestCase

__all__ = ["TEST_SKIPS", "MultiProcessTestCase"]
