"""Errors of a log that name something which the release brings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from releasegate.checks.logs import MOST_FINDINGS, LogPromise, first_match, named_in
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.log_text import shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewError:
    """Errors of one shape that name something of the release; `is_over` says that all of them are from the gap."""

    shape: str
    seen: int
    names: str
    has_baseline: bool
    is_over: bool


def errors_naming(
    log: LogSlice, promise: LogPromise, known: Iterable[str] | None, names: Sequence[str], *, until: datetime | None
) -> tuple[NewError, ...]:
    """Return the errors, fatal or not, that name one of `names` and are not `known`; at most five, most lines first.

    Those whose every line was written up to `until` are over.
    """
    before, by_shape = set(known or ()), dict[str, list[LogLine]]()
    for line in log.lines:
        if first_match((*promise.fatal, *promise.errors), line.text):
            by_shape.setdefault(shape_of(line.text), []).append(line)
    found = [
        NewError(
            shape=shape,
            seen=len(lines),
            names=named,
            has_baseline=known is not None,
            is_over=until is not None and all(line.at is not None and line.at <= until for line in lines),
        )
        for shape, lines in by_shape.items()
        if shape not in before and (named := named_in([line.text for line in lines], tuple(dict.fromkeys(names))))
    ]
    return tuple(sorted(found, key=lambda error: -error.seen)[:MOST_FINDINGS])
