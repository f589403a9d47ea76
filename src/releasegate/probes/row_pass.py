"""How the rows of a table are gone through: in one sequential scan, or gently, range by range of the key."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill
from releasegate.probes.key_ranges import KeyRanges, TooLong, read_in_time
from releasegate.probes.postgres import Answer, Session
from releasegate.probes.row_sql import MarkedRows

_EVERY_ROW = "SELECT flags, type, count(*) AS rows FROM {marked} AS marked GROUP BY flags, type"
KEPT_FOR_S: Final = 3600  # a pass that was cut off is taken up within this time; later its counts say too little

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Pass:
    """What a pass has counted so far: rows by their flags, up to and with the row of key `after` (None: none yet).

    `types` are the filled rows by what they say they hold, "" for what the change file does not name.

    `began` is in seconds since the epoch, `took_s` is the time of the statements alone. `resumed_after` is the key
    at which it was taken up, "" for one that was never cut off.
    """

    by_flags: dict[int, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    after: str | None = None
    ranges: int = 0
    took_s: float = 0.0
    began: float = field(default_factory=time.time)
    resumed_after: str = ""
    query: str = ""

    def add(self, answer: Answer) -> None:
        """Count the rows of one more range."""
        for row in answer.rows:
            self.by_flags[row["flags"]] = self.by_flags.get(row["flags"], 0) + row["rows"]
            if row["type"] is not None:
                self.types[row["type"]] = self.types.get(row["type"], 0) + row["rows"]
        self.ranges += 1
        self.took_s += answer.duration_s
        self.query = self.query or answer.query.strip()


def count_rows(session: Session, backfill: Backfill, marked: MarkedRows, *, kept_in: Path | None = None) -> Pass:
    """Count every row of the table by its flags.

    In one statement; in ranges where the target says `gentle`, and where one statement takes longer than its
    time-out. `kept_in` is the folder in which a pass in ranges notes how far it is.
    """
    if not session.is_gentle:
        with contextlib.suppress(TooLong):
            found = Pass()
            found.add(_read(session, marked.of()))
            return found
        log.info("%s: one pass takes longer than the time-out, so it goes range by range", backfill.table)
    return _Ranges(session, backfill, marked, kept_in).walk()


def _read(session: Session, rows: sql.Composable) -> Answer:
    return read_in_time(session, sql.SQL(_EVERY_ROW).format(marked=rows))


class _Ranges:
    """Goes through the table in ranges of its key, and notes after each how far it is."""

    def __init__(self, session: Session, backfill: Backfill, marked: MarkedRows, kept_in: Path | None) -> None:
        self._session, self._marked = session, marked
        self._ranges = KeyRanges(session, backfill.table, backfill.key, marked.key_type)
        name = sha256(f"{session.where}\n{session.text(marked.of())}".encode()).hexdigest()[:16]
        self._file = kept_in / f"pass-{name}.json" if kept_in else None

    def walk(self) -> Pass:
        """Return the counts of all ranges, beginning after those that an earlier pass has finished."""
        found = self._kept()
        for answer, upper in self._ranges.each(self._counted, after=found.after):
            found.add(answer)
            found.after = upper
            if upper is not None:  # a pass that is over is not taken up again
                self._keep(found)
        if self._file:
            self._file.unlink(missing_ok=True)
        return found

    def _counted(self, where: sql.Composable) -> Answer:
        return _read(self._session, self._marked.of(where))

    def _kept(self) -> Pass:
        """Return the counts that a pass which was cut off has left, if that is not long ago."""
        if self._file is None or not self._file.is_file():
            return Pass()
        try:
            noted = json.loads(self._file.read_text("utf-8"))
            by_flags = {int(flags): int(rows) for flags, rows in noted.pop("by_flags").items()}
            found = Pass(**noted, by_flags=by_flags)
        except (OSError, ValueError, TypeError, KeyError):  # cut off while it was written
            return Pass()
        if not 0 <= time.time() - found.began < KEPT_FOR_S:
            return Pass()
        found.resumed_after = str(found.after)
        log.info("taken up after %s, where the last pass was cut off", found.after)
        return found

    def _keep(self, found: Pass) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(asdict(found)), "utf-8")
        written.replace(self._file)
