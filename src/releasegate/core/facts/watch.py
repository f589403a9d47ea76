"""What was seen of a release while it was watched, round by round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from releasegate.core.facts.latency import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class LogError:
    """Lines of one shape that are errors; the shape holds nothing a customer wrote.

    `part` is the service. `names` are those of the release's names that the lines speak of. `is_fatal` says that one
    of the change's fatal patterns matched. `seen_with` is the command that shows the log.
    """

    part: str
    shape: str
    lines: int
    names: tuple[str, ...] = ()
    is_fatal: bool = False
    seen_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLook:
    """One service: `since` (ISO 8601, UTC) is when its process began, "" where nobody knows; memory is resident."""

    part: str
    is_running: bool
    state: str = ""
    pid: int | None = None
    since: str = ""
    restarts: int | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLook:
    """One load of the page in a browser: its status (None with `error` where it did not come) and how long it took.

    `shapes` are what the console and the network complained about, as preflight/page-baseline records them.
    """

    status: int | None
    took_ms: float
    shapes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLook:
    """One table of the change: its size with indexes, and the rows that the statistics count."""

    size_bytes: int
    live: int
    dead: int
    inserted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One kind of statement on the change's tables, its values replaced; counted since the statistics' last reset."""

    id: str
    text: str
    calls: int
    total_ms: float

    @property
    def mean_ms(self) -> float:
        """How long one call took."""
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows:
    """Rows of the backfilled table created after `since`: all, with media, and with media but not in the new form."""

    since: str
    total: int
    media: int
    old_form: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLook:
    """One look at the server; commits, rollbacks and deadlocks of this database are counted since its last reset.

    `took_ms` is the time of all its reads together, connecting included: what the server worked was no more.
    `connections` and `most_connections` are the whole server's. `waiting` are sessions of this database that wait for
    a lock, `longest_s` is its longest transaction that the role can see, of `hidden` sessions it cannot. `statements`
    are None where nobody asked or could see them (`statements_error`), `new_rows` likewise (`rows_error`).
    """

    took_ms: float
    connections: int
    most_connections: int
    hidden: int = 0
    waiting: int = 0
    longest_s: float | None = None
    commits: int = 0
    rollbacks: int = 0
    deadlocks: int = 0
    tables: Mapping[str, TableLook] = field(default_factory=dict)
    statements: tuple[Statement, ...] | None = None
    statements_error: str = ""
    new_rows: NewRows | None = None
    rows_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at the deployment, `number` of `planned` (from 0), one every `every_s` seconds.

    `due_s` and `elapsed_s` are seconds since the watch began, by a clock that nobody can set; `at` is the wall
    clock's time (UTC) and `clock_off_s` how far it has moved against the other.

    Each signal is None, with its `…_error`, where it could not be seen. `health` is the status that the health
    endpoint answered. `samples` are requests to the watched endpoints. `errors` are the error lines since the round
    before; `log_lines` counts what was read, `logs_cut` says that lines in between were not, and `positions` is
    where each log ended. `finding_out` counts the requests of this round's share that finding out what to ask took,
    here or in a round before. `database_error` is "" where the database answered or nobody is to ask it. `disks`
    are free bytes by path. `requests` were sent to the API.
    """

    number: int
    planned: int
    every_s: float
    due_s: float
    elapsed_s: float
    at: datetime
    clock_off_s: float = 0.0
    took_s: float = 0.0
    requests: int = 0
    health: int | None = None
    health_ms: float = 0.0
    health_error: str = ""
    samples: tuple[Sample, ...] = ()
    samples_error: str = ""
    finding_out: int = 0
    errors: tuple[LogError, ...] | None = None
    log_lines: int = 0
    logs_error: str = ""
    logs_cut: bool = False
    positions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    services: tuple[ServiceLook, ...] | None = None
    services_error: str = ""
    database: DatabaseLook | None = None
    database_error: str = ""
    page: PageLook | None = None
    disks: Mapping[str, int] | None = None
    disks_error: str = ""

    @property
    def late_s(self) -> float:
        """How long after it was due it began."""
        return self.elapsed_s - self.due_s

    def shown(self) -> dict[str, Any]:
        """Return the round as JSON-ready data, from which `round_from` makes it again; samples as short lists."""
        samples = [[one.endpoint, one.intended_s, one.latency_ms, one.status, one.size_bytes, one.error]
                   for one in self.samples]  # fmt: skip
        return {**asdict(self), "at": self.at.isoformat(), "samples": samples}


def round_from(shown: Mapping[str, Any]) -> Round:
    """Return the round that `shown` was made of."""
    errors, services, database, page = (shown[key] for key in ("errors", "services", "database", "page"))
    return Round(
        **{
            **shown,
            "at": datetime.fromisoformat(shown["at"]),
            "samples": tuple(map(_sample_from, shown["samples"])),
            "errors": None if errors is None else tuple(map(_error_from, errors)),
            "services": None if services is None else tuple(ServiceLook(**one) for one in services),
            "database": None if database is None else _database_from(database),
            "page": None if page is None else PageLook(**{**page, "shapes": tuple(page["shapes"])}),
        }
    )


def recorded_rounds(measures: Iterable[Mapping[str, Any]]) -> tuple[Round, ...]:
    """Return the rounds among the measures that monitoring/rounds recorded, in order; a repeated number counts once."""
    rounds = {found.number: found for found in (round_from(measure["value"]) for measure in measures)}
    return tuple(rounds[number] for number in sorted(rounds))


def _sample_from(shown: list[Any]) -> Sample:
    endpoint, intended_s, latency_ms, status, size_bytes, error = shown
    return Sample(endpoint, intended_s, 0.0, latency_ms, status, size_bytes, error)


def _error_from(shown: Mapping[str, Any]) -> LogError:
    return LogError(**{**shown, "names": tuple(shown["names"])})


def _database_from(shown: Mapping[str, Any]) -> DatabaseLook:
    statements, rows = shown["statements"], shown["new_rows"]
    return DatabaseLook(
        **{
            **shown,
            "tables": {name: TableLook(**table) for name, table in shown["tables"].items()},
            "statements": None if statements is None else tuple(Statement(**one) for one in statements),
            "new_rows": None if rows is None else NewRows(**rows),
        }
    )
