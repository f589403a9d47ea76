"""Looking back at logs, a day or a week later."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from releasegate.change.models import Logs
from releasegate.core import Measurement
from releasegate.core.facts.watch import LogError, Round
from releasegate.probes.watch.logs import Log, errors_in


def look_back(logs: Sequence[Log], promised: Logs, *, since: datetime, now: datetime) -> Measurement[Round]:
    """Return one round that holds the error lines of all `logs` from `since` until `now`.

    A log whose lines carry no time cannot be read back: then `errors` is None and `logs_error` says so.
    """
    began = time.perf_counter()
    errors: tuple[LogError, ...] | None = ()
    lines, trouble, queries, is_cut = 0, "", [], False
    for log in logs:
        read = log.read(since=since)
        queries.append(read.query)
        if read.value.lines and not read.value.is_timed:
            errors, trouble = None, f"the lines of {read.value.source} carry no time, so none is known to be of today"
            break
        found = read.value.since(since)
        errors = (*errors, *errors_in(found, promised)) if errors is not None else None
        lines += len(found.lines)
        is_cut |= found.is_cut
    span_s = (now - since).total_seconds()
    look = Round(
        number=0, planned=1, every_s=span_s, due_s=0.0, elapsed_s=0.0, at=since, errors=errors, log_lines=lines,
        logs_error=trouble, logs_cut=is_cut,
    )  # fmt: skip
    return Measurement(
        value=look,
        unit="log lines",
        rows=lines,
        query="; ".join(queries),
        duration_s=time.perf_counter() - began,
        shown=look.shown(),
    )
