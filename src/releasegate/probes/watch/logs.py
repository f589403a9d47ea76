"""The logs of one round: what came since the round before, as shapes of errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from releasegate.change.models import Logs
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.logs import LogSlice, with_trace
from releasegate.core.facts.watch import LogError
from releasegate.core.log_text import shape_of


class Log(Protocol):
    """One service's log, read on from a position; `probes.logs.LogReader` is one."""

    part: str

    def read(self, *, since: datetime | None = None, after: Mapping[str, str] | None = None) -> Measurement[LogSlice]:
        """Return the lines after `after`, or those since a moment."""
        ...


@dataclass(slots=True)
class WatchedLogs:
    """The logs that a watch follows, and where each was read to.

    `since` is when the watch began: without a position a log is read from there on, by the times of its lines.
    """

    logs: Sequence[Log]
    promised: Logs
    since: datetime
    positions: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def look(self) -> dict[str, Any]:
        """Return the fields of a round; a log that cannot be read now is read on in the next round."""
        errors: list[LogError] = []
        lines, is_cut = 0, False
        trouble = ""
        for log in self.logs:
            try:
                found = self._new_lines(log)
            except CannotMeasure as error:
                trouble = trouble or f"{log.part}: {error}"
                continue
            lines += len(found.lines)
            is_cut |= found.is_cut
            errors += errors_in(found, self.promised)
        # What one log did say is kept beside the trouble with the other: it was read and would not come again.
        seen = tuple(errors) if errors or not trouble else None
        return {
            "errors": seen, "log_lines": lines, "logs_error": trouble, "logs_cut": is_cut,
            "positions": dict(self.positions),
        }  # fmt: skip

    def _new_lines(self, log: Log) -> LogSlice:
        after = self.positions.get(log.part)
        found = log.read(since=None if after else self.since, after=after).value
        self.positions[log.part] = found.position
        return found if after else found.since(self.since)


def errors_in(log: LogSlice, promised: Logs) -> list[LogError]:
    """Return the error lines of `log`, those of one shape together; no shape holds what a customer wrote."""
    shapes: dict[tuple[str, bool], list[str]] = {}
    for place, line in enumerate(log.lines):
        is_fatal = _matches(promised.fatal, line.text)
        if is_fatal or _matches(promised.errors, line.text):
            shapes.setdefault((shape_of(line.text), is_fatal), []).append(with_trace(log.lines, place).lower())
    return [
        LogError(
            part=log.part,
            shape=shape,
            lines=len(texts),
            names=tuple(name for name in promised.names if any(name.lower() in text for text in texts)),
            is_fatal=is_fatal,
            seen_with=log.seen_with,
        )
        for (shape, is_fatal), texts in shapes.items()
    ]


def _matches(patterns: Sequence[str], text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
