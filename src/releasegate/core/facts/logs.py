"""Lines of a service's log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line, colours taken out. `at` (UTC) is None where neither it nor a line before it carries a time."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSlice:
    """Lines of one service, oldest first, and where to read on.

    `position` is JSON-ready and only the reader of the same service understands it. `is_cut` says that older
    lines than the first were asked for but not read.
    """

    part: str
    source: str
    lines: tuple[LogLine, ...]
    position: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    seen_with: str = ""

    def since(self, moment: datetime) -> LogSlice:
        """Return the lines of `moment` and after; of lines without a time nobody knows, so they stay out."""
        kept = tuple(line for line in self.lines if line.at is not None and line.at >= moment)
        reaches_back = bool(self.before(moment))
        return replace(self, lines=kept, is_cut=self.is_cut and not reaches_back)

    def from_line(self, number: int) -> LogSlice:
        """Return the lines from the one at index `number` on."""
        return replace(self, lines=self.lines[number:], is_cut=False)

    def before(self, moment: datetime) -> tuple[LogLine, ...]:
        """Return the lines that are older than `moment`."""
        return tuple(line for line in self.lines if line.at is not None and line.at < moment)

    @property
    def is_timed(self) -> bool:
        """Whether its lines tell when they were written; an empty slice does not."""
        return any(line.at is not None for line in self.lines)
