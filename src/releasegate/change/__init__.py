"""What this release promises: the change file, typed."""

from releasegate.change.loading import LoadedChange, default_path, load
from releasegate.change.models import Change
from releasegate.change.reading import Deviation, with_reading

__all__ = ["Change", "Deviation", "LoadedChange", "default_path", "load", "with_reading"]
