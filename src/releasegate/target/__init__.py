"""Where the release is deployed and how to reach it: the target file, typed."""

from releasegate.target.loading import LoadedTarget, load
from releasegate.target.models import Target

__all__ = ["LoadedTarget", "Target", "load"]
