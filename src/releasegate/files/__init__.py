"""Typed TOML files: the base of their models, and a loader whose errors name file, key and what is accepted."""

from releasegate.files.base import (
    HostPath,
    Length,
    LocalPath,
    Model,
    Pattern,
    Place,
    Pointer,
    Promise,
    Url,
    UrlPath,
    matching,
)
from releasegate.files.loader import load_model, read_toml, validate

__all__ = [
    "HostPath",
    "Length",
    "LocalPath",
    "Model",
    "Pattern",
    "Place",
    "Pointer",
    "Promise",
    "Url",
    "UrlPath",
    "load_model",
    "matching",
    "read_toml",
    "validate",
]
