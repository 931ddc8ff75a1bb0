"""The version, as a constant: reading package metadata would cost more than the rest of `--version`."""

__version__ = "0.3.7"
