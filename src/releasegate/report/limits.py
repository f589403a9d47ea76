"""How much of the evidence one page shows, so that it can be attached to a ticket and still be read."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_PAGE = 5_000_000
"""Bytes of the whole page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most of each thing, in the page; `text` in characters of one value. The chain beside it keeps everything."""

    findings_on_top: int = 60
    findings: int = 20
    checks: int = 1000
    links: int = 60
    measures: int = 12
    text: int = 6000
    pictures: bool = True


LEVELS = (
    Limits(),
    Limits(findings=5, measures=4, text=2000),
    Limits(findings_on_top=40, findings=3, measures=1, text=600, pictures=False),
    Limits(findings_on_top=20, findings=1, checks=60, links=20, measures=0, text=200, pictures=False),
)
"""What is tried in this order until the page is small enough; every level but the first is said on the page."""
