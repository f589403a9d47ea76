"""Figures as people read them in a finding."""

from __future__ import annotations

from datetime import UTC, datetime


def gigabytes(size_bytes: int) -> str:
    """Return a size in GB (10^9 bytes), as disks are sold and runbooks are written; in MB below a tenth of one."""
    return f"{size_bytes / 1e9:.1f} GB" if abs(size_bytes) >= 1e8 else f"{size_bytes / 1e6:.0f} MB"


def moment(at: datetime) -> str:
    """Return a moment to the second, in UTC, with its zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def count(number: int, one: str, many: str = "") -> str:
    """Return `number` with its noun: `1 line`, `12 000 lines`."""
    return f"{number:,} ".replace(",", " ") + (one if number == 1 else many or f"{one}s")
