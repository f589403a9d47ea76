"""Typed TOML files: the base of their models, and a loader whose errors name file, key and what is accepted."""

from releasegate.files.base import Model, Pattern, Pointer, Promise
from releasegate.files.loader import load_model, read_toml, validate

__all__ = ["Model", "Pattern", "Pointer", "Promise", "load_model", "read_toml", "validate"]
