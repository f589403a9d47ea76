"""What a restore brought back, and what it took: the rows of the dump, and those written between dump and restore."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from releasegate.checks import unkept
from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.back import LostRows, OfDump, Replaced, Written
from releasegate.core.facts.rows import RowCounts
from releasegate.core.figures import count, moment

_MOST = 20


def rows_are_back(
    now: Mapping[str, int | None], dump: Mapping[str, OfDump], own: Collection[str], *, source: str
) -> Judgement:
    """Each table holds at least as many rows as the dump does; people have written since, and nothing else takes any.

    `now` are the rows by table, None for one that is gone or may not be looked into; `own` are the tables of the
    change. Of others a smaller number is worth a look and no more: sessions and jobs come and go by themselves.
    """
    check = "rollback/rows-are-back"
    if not dump:
        undecided = "the backup gate restored no copy, so nobody knows how many rows the dump holds"
        return Judgement(seen=0, unit="tables", holds="", undecided=undecided)
    findings = []
    for table, held in dump.items():
        found = now.get(table)
        if found is not None and found >= held.rows:
            continue
        is_own = table in own or table.rpartition(".")[2] in own
        if found is None and not is_own:
            continue  # catalog-is-back says whether it is gone; the role may not look into every table
        findings.append(_fewer(check, held, found, source, stops=is_own))
    rows = sum(held.rows for held in dump.values())
    holds = f"{number(rows)} rows of the dump in {count(len(dump), 'table')}, and no table holds fewer"
    return Judgement(seen=len(dump), unit="tables", holds=holds, findings=tuple(findings[:_MOST]))


def _fewer(check: str, held: OfDump, found: int | None, source: str, *, stops: bool) -> Finding:
    have = (
        "no such table, or nobody may look" if found is None else f"{number(found)}: {number(held.rows - found)} less"
    )
    return Finding(
        check=check,
        subject=held.table,
        want=f"at least the {count(held.rows, 'row')} of the dump ({source})",
        have=have,
        why="the restore stopped half-way, or left this table out" if stops else "rows that come and go, or a loss",
        fix="restore the dump again, into an empty database; then this gate"
        if stops
        else "look whether the application removes such rows by itself",
        severity=Severity.ERROR if stops else Severity.WARNING,
    )


def lost_rows_are_listed(
    replaced: Replaced,
    dumped: datetime | None,
    *,
    source: str,
    counted: RowCounts | None = None,
    dump: Mapping[str, OfDump] | None = None,
    looks: Sequence[Written] = (),
    own: Collection[str] = (),
    book: str = "",
) -> Judgement:
    """What was written between the dump and the restore is counted, by table and time range.

    It is lost by design, so it is a warning for somebody to read to the people it belongs to. Where the replaced
    database is not kept, what the gates saw of it is listed: what they `counted` last, and their `looks` at the
    server's counters since the backup; `own` are the change's tables. That is undecided, since nobody can count what
    came after the last look. `book` is the table in which a runner writes down its migrations: what it wrote there
    goes with the schema, and is nobody's loss.
    """
    check = "rollback/lost-rows"
    since = f"since the dump, {moment(dumped)}" if dumped else "since the dump"
    if not replaced.name:
        known = unkept.until_restored(looks)
        told = unkept.losses(known, own, counted=counted, dump=dump)
        found = [one for one in told if not unkept.is_of(one.table, [book])]
        return Judgement(
            seen=len(found),
            unit="tables",
            holds="",
            undecided=f"the database that was replaced is not kept on this server{_known(found, known, since)}; where "
            "it has another name, set [way_back] replaced",
            findings=tuple(unkept.as_finding(check, one, source=source) for one in found[:_MOST]),
        )
    people = [one for one in replaced.tables if not unkept.is_of(one.table, [book])]
    lost = [one for one in people if (one.written or 0) > 0 or one.changed]
    unknown = [one.table for one in replaced.tables if one.written is None]
    findings = [_lost(check, one, replaced.name, since, source) for one in lost[:_MOST]]
    blind = f"; not known of {some(unknown)}" if unknown else ""
    blind += _booked(replaced, book)
    holds = f"nothing was written {since} in the {count(len(replaced.tables), 'table')} of {replaced.name}{blind}"
    return Judgement(seen=len(replaced.tables), unit="tables", holds=holds, findings=tuple(findings))


def _known(found: Sequence[unkept.Loss], looks: Sequence[Written], since: str) -> str:
    """Return how far the loss is known, and from when on nobody can count it."""
    if not found and len(looks) < 2:
        return f", so what was written {since} cannot be counted"
    rows = count(sum(one.written for one in found), "row")
    touched = sum(one.touched for one in found)
    more = f" and {number(touched)} changed or deleted" if touched else ""
    seen = f": the gates saw {rows} written{more} in {count(len(found), 'table')}"
    last = f" after {moment(looks[-1].at)}, their last look," if looks else " after that"
    return f"{seen}; what was written{last} cannot be counted any more"


def _booked(replaced: Replaced, book: str) -> str:
    """Return what the runner had written down of the release, which goes with the schema that it belongs to."""
    written = sum(one.written or 0 for one in replaced.tables if unkept.is_of(one.table, [book]))
    entries = count(written, "entry", "entries")
    return f"; {entries} of {book}, the migration runner's own, went with the schema" if written > 0 else ""


def _lost(check: str, one: LostRows, database: str, since: str, source: str) -> Finding:
    rows = [f"{count(one.written, 'row')} written{_range(one)}"] if one.written else []
    rows += [f"{count(one.changed, 'row')} changed"] if one.changed else []
    return Finding(
        check=check,
        subject=one.table,
        want=f"a list of what the restore takes from people ({source})",
        have=f"lost: {', '.join(rows)} {since}",
        why="it was written after the dump, and the restored database does not have it",
        fix=f"tell whom it concerns; what is needed can be copied from {database} by its keys",
        run=f"psql -d {database} -c '\\d {one.table}'",
        severity=Severity.WARNING,
    )


def _range(one: LostRows) -> str:
    if not one.is_dated:
        return " (more than the dump holds)"
    if not one.first:
        return ""
    first, last = _short(one.first), _short(one.last)
    return f" from {first} to {last}" if first != last else f" at {first}"


def _short(printed: str) -> str:
    """Return a moment as the server printed it, to the second: `2025-11-03 02:10:11+00`."""
    head, dot, tail = printed.partition(".")
    return head + tail.lstrip("0123456789") if dot else printed
