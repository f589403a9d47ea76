"""Lines of a service's log."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line, colours taken out. `at` (UTC) is None where neither it nor a line before it carries a time.

    `is_dated` False: it carries none itself, and `at` is that of the line before.
    """

    text: str
    at: datetime | None = None
    is_dated: bool = True


_LONGEST_TRACE: Final = 100  # lines that belong to the one before them


def with_trace(lines: Sequence[LogLine], place: int) -> str:
    """Return the line at `place` with the ones after it that carry no time: a stack trace says what it is about.

    A log in which no line carries a time tells no trace from the next line.
    """
    if lines[place].at is None:
        return lines[place].text
    rest = itertools.takewhile(lambda line: not line.is_dated, lines[place + 1 : place + 1 + _LONGEST_TRACE])
    return "\n".join([lines[place].text, *(line.text for line in rest)])


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSlice:
    """Lines of one service, oldest first, and where to read on.

    `position` is JSON-ready and only the reader of the same service understands it. `is_cut` says that older
    lines than the first were asked for but not read. So many lines at the beginning, `undated`, are those of files
    without any time, where another file of the service tells it.
    """

    part: str
    source: str
    lines: tuple[LogLine, ...]
    position: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    undated: int = 0
    seen_with: str = ""

    def since(self, moment: datetime) -> LogSlice:
        """Return the lines of `moment` and after; of lines without a time nobody knows, so they stay out."""
        kept = tuple(line for line in self.lines if line.at is not None and line.at >= moment)
        reaches_back = bool(self.before(moment))
        return replace(self, lines=kept, is_cut=self.is_cut and not reaches_back, undated=0)

    def from_line(self, number: int) -> LogSlice:
        """Return the lines from the one at index `number` on."""
        return replace(self, lines=self.lines[number:], is_cut=False, undated=0)

    def loose_before(self, moment: datetime) -> tuple[LogLine, ...]:
        """Return the lines without a time of their own right before the first one of `moment` or after.

        They came after an older line and before that one, so nobody knows on which side of `moment` they are.
        """
        dated = self.lines[self.undated :]
        begin = next(
            (at for at, line in enumerate(dated) if line.is_dated and line.at and line.at >= moment), len(dated)
        )
        end = begin
        while begin and not (dated[begin - 1].is_dated and dated[begin - 1].at):
            begin -= 1
        return dated[begin:end]

    def before(self, moment: datetime) -> tuple[LogLine, ...]:
        """Return the lines that are older than `moment`."""
        return tuple(line for line in self.lines if line.at is not None and line.at < moment)

    @property
    def is_timed(self) -> bool:
        """Whether its lines tell when they were written; an empty slice does not."""
        return any(line.at is not None for line in self.lines)
