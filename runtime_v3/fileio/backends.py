"""The tables of storage backends, by name and by the scheme of a URL."""

from mmmigrate.compat.fileio import FileClient

backends = FileClient._backends
prefix_to_backends = FileClient._prefix_to_backends
