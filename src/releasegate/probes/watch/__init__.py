"""Watching a release: the same few looks, round after round, on a schedule."""

from releasegate.probes.watch.back import look_back
from releasegate.probes.watch.logs import errors_in
from releasegate.probes.watch.opening import before_release, found_out, open_watched
from releasegate.probes.watch.rounds import Watched, hold
from releasegate.probes.watch.schedule import Clock, SystemClock, watch

__all__ = [
    "Clock",
    "SystemClock",
    "Watched",
    "before_release",
    "errors_in",
    "found_out",
    "hold",
    "look_back",
    "open_watched",
    "watch",
]
