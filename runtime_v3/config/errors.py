"""What is wrong with a config."""


class ConfigParsingError(RuntimeError):
    """A config uses a form that its kind (text, or pure Python) does not have."""
