"""Lengths of time as people write them: `30s`, `2h`, `1h30m`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

from releasegate.core.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WHOLE = re.compile(r"(?:\d+[smhd])+")
_PART = re.compile(r"(\d+)([smhd])")


def parse_duration(text: str, *, where: str) -> timedelta:
    """Return the length of time that `text` names; `where` (an option or a file and key) is for the message.

    Raises UsageError for anything but whole numbers of s, m, h, d, and for zero.
    """
    if not _WHOLE.fullmatch(text):
        raise UsageError(f"{where}: {text!r} is no length of time; accepted: 30s, 5m, 2h, 7d, 1h30m")
    total = timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
    if not total:
        raise UsageError(f"{where}: {text!r} is no time at all; give at least 1s")
    return total


def show_duration(seconds: float) -> str:
    """Return `seconds` for people: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 00 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 2 * 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"
