"""What a restore took where nobody kept the database: as much as the gates and the watch saw of it before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from releasegate.core import Finding, Severity
from releasegate.core.facts.back import OfDump, Written
from releasegate.core.facts.rows import RowCounts
from releasegate.core.figures import count, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Rows of one table `written`, and `touched`, between the looks at `first` and `last`.

    Those touched were changed or deleted; of a table that `is_own`, the change's, only deleted: the release changes
    rows there itself.
    """

    table: str
    is_own: bool = False
    written: int = 0
    touched: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One table's counters: rows inserted up to `at`, rows changed and deleted up to `touched_at`."""

    at: datetime
    written: int
    touched_at: datetime
    touched: int

    @classmethod
    def of(cls, at: datetime, so_far: Sequence[int], before: _Seen | None, *, is_own: bool) -> _Seen:
        """Return a look's counters; where only insertions were noted, the rest is what was known before."""
        if len(so_far) > 1 or before is None:
            return cls(at, so_far[0], at, sum(so_far[2:] if is_own else so_far[1:]))
        return cls(at, so_far[0], before.touched_at, before.touched)


def until_restored(looks: Sequence[Written]) -> list[Written]:
    """Return the looks, in order of time, up to the first at which a counter had fallen: there it began anew."""
    kept: list[Written] = []
    highest: dict[str, int] = {}
    for look in sorted(looks, key=lambda one: one.at):
        if any(so_far[0] < highest.get(table, 0) for table, so_far in look.tables.items()):
            break
        highest |= {table: so_far[0] for table, so_far in look.tables.items()}
        kept.append(look)
    return kept


def losses(
    looks: Sequence[Written],
    own: Collection[str] = (),
    *,
    counted: RowCounts | None = None,
    dump: Mapping[str, OfDump] | None = None,
) -> list[Loss]:
    """Return what was written after the first of `looks`, by table, the most first.

    The updates of tables in `own`, the change's, are the release's too, and are left out. `counted` is the
    last look at every row of the backfilled table: what it holds more than the `dump` was written since that began.
    """
    found: dict[str, Loss] = {}
    before: dict[str, _Seen] = {}
    for look in looks:
        for table, so_far in look.tables.items():
            is_own = is_of(table, own)
            now = _Seen.of(look.at, so_far, before.get(table), is_own=is_own)
            if table in before:
                one = found.setdefault(table, Loss(table=table, is_own=is_own))
                found[table] = _and(one, before[table], now)
            before[table] = now
    held = _held(dump or {}, counted.table) if counted else None
    if counted and held and counted.total - held.rows > found.get(held.table, Loss(table=held.table)).written:
        one = found.get(held.table, Loss(table=held.table, is_own=True))
        found[held.table] = replace(one, written=counted.total - held.rows)
    lost = (one for one in found.values() if one.written or one.touched)
    return sorted(lost, key=lambda one: (-one.written, one.table))


def _and(one: Loss, before: _Seen, now: _Seen) -> Loss:
    """Return the loss with what was written between two looks."""
    written, touched = now.written - before.written, now.touched - before.touched
    if not written and not touched:
        return one
    return replace(
        one,
        written=one.written + written,
        touched=one.touched + touched,
        first=one.first or (before.touched_at if touched else before.at),
        last=now.at,
    )


def _held(dump: Mapping[str, OfDump], table: str) -> OfDump | None:
    """Return what the dump holds of a table as the change file names it; None where that may be one of several."""
    fitting = [one for name, one in dump.items() if is_of(name, [table])]
    return fitting[0] if len(fitting) == 1 else dump.get(table) or dump.get(f"public.{table}")


def is_of(table: str, names: Collection[str]) -> bool:
    """Whether `table` ("schema.table" or "table") is one of `names`, which may leave the schema out."""
    return table in names or table.rpartition(".")[2] in names


def as_finding(check: str, one: Loss, *, source: str) -> Finding:
    """Return what is known of the loss in one table."""
    rows = [count(one.written, "row") + " written"] if one.written else []
    rows += [count(one.touched, "row") + (" deleted" if one.is_own else " changed or deleted")] if one.touched else []
    between = f" between {moment(one.first)} and {moment(one.last)}" if one.first and one.last else " since the dump"
    return Finding(
        check=check,
        subject=one.table,
        want=f"a list of what the restore takes from people ({source})",
        have=f"lost: at least {', '.join(rows)}{between}, as the gates saw",
        why="it was written after the dump, and neither the restored database nor another one has it",
        fix="tell whom it concerns; what the application logged of that time is all there is of it",
        severity=Severity.WARNING,
    )
