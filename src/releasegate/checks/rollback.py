"""Whether the way back led back: nothing of the release is left in the rows, and nothing of people's is gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from releasegate.checks.rows import is_own
from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.rows import Flag, OwnNow, RowCounts
from releasegate.core.figures import count

_CUSTOMERS = "this is what customers sent, and it is in no dump from before the release"
_SWEPT = (
    "the way back also set {rows} written since preflight that the backfill had not filled: what people attached there "
    "is gone, and no gate noted it; look for it in a dump taken since the release or ask for it again, then waive this"
)
_SET_CLAUSE = re.compile(r"\bSET\b(.*?)(?=\bWHERE\b|;|$)", re.IGNORECASE | re.DOTALL)


def nothing_left_behind(counts: RowCounts, *, source: str) -> Judgement:
    """No row carries the backfill's marker any more."""
    if not counts.target_type:
        gone = f"{counts.table} has no {counts.target} any more"
        return Judgement(seen=1, unit="columns", holds=gone)
    marked = counts.having(Flag.MARKED)
    findings: tuple[Finding, ...] = ()
    if marked:
        findings = (
            Finding(
                check="rollback/nothing-left-behind",
                subject=counts.table,
                want=f"0 rows carry the backfill's marker ({source})",
                have=f"{count(marked, 'row')} do",
                why="the old release meets rows that it did not write; a second backfill would skip them",
                fix="run the rollback's statement again and read how many rows it says it changed",
            ),
        )
    own = counts.having(Flag.FILLED, without=Flag.MARKED)
    people = (
        f"; {count(own, 'row')} with what people attached themselves: a count of all that are filled says {own}, not 0"
    )
    holds = f"none of {count(counts.total, 'row')} carries the marker{people if own else ''}"
    return Judgement(seen=counts.total, unit="rows", holds=holds, findings=findings)


def own_data_kept(
    check: str, counts: RowCounts, before: RowCounts | None, now: OwnNow | None = None, *, source: str, swept: int = 0
) -> Judgement:
    """What people attached themselves is still there, against the last look before the step.

    The same holds for the backfill, which must leave filled rows alone, and for the rollback, which empties only
    what carries the marker. `now` is what became of the rows that were noted then, row by row; those that are gone
    may have been deleted by people. Where none were noted, only their number can be compared. `swept` is how many rows
    written since a way back set though the backfill had not: what they held nobody noted.
    """
    if before is None:
        undecided = "no look at the rows before this step is on record"
        return Judgement(seen=0, unit="rows", holds="", undecided=undecided)
    theirs = before.where(lambda flags: is_own(flags, before))
    if not theirs and not swept:
        nothing = f"nobody had attached anything themselves: 0 of {count(before.total, 'row')}"
        return Judgement(seen=0, unit="rows", holds="", not_applicable=nothing)
    kept = counts.having(Flag.FILLED, without=Flag.MARKED)
    finding = _own_row_by_row(check, counts, now, source) if now else None
    if finding is None and kept < theirs:
        are_gone = now is not None and now.there < now.asked  # of those looked for; else the others are not deleted
        finding = _fewer_own(check, counts, theirs, kept, source, may_be_deleted=are_gone)
    findings = (finding,) if finding else ()
    holds = f"{count(kept, 'row')} with what people attached themselves, {number(theirs)} before"
    undecided = _SWEPT.format(rows=count(swept, "row")) if swept else ""
    return Judgement(seen=counts.total, unit="rows", holds=holds, findings=findings, undecided=undecided)


def _own_row_by_row(check: str, counts: RowCounts, now: OwnNow, source: str) -> Finding | None:
    lost = (*now.emptied, *now.overwritten)
    if not lost:
        return None
    return Finding(
        check=check,
        subject=counts.table,
        want=f"{count(now.there, 'row')} hold what people attached themselves ({source})",
        have=f"{number(len(now.emptied))} are empty, {number(len(now.overwritten))} overwritten: {some(lost)}",
        why=_CUSTOMERS,
        fix="restore the column of these rows from a dump taken since, or ask for it again",
    )


def _fewer_own(check: str, counts: RowCounts, theirs: int, kept: int, source: str, *, may_be_deleted: bool) -> Finding:
    gone = "gone: people may have deleted them" if may_be_deleted else "empty or overwritten"
    return Finding(
        check=check,
        subject=counts.table,
        want=f"{count(theirs, 'row')} with what people attached themselves ({source})",
        have=f"{number(kept)}: {number(theirs - kept)} are {gone}",
        why=_CUSTOMERS,
        fix="find these rows by their date; restore their column from a dump taken since, or ask for it again",
        severity=Severity.WARNING if may_be_deleted else Severity.ERROR,
    )


def rows_on_record(counts: RowCounts) -> Judgement:
    """The rows were counted before the backfill, so that what people attached by then can be found again."""
    own = counts.where(lambda flags: is_own(flags, counts))
    holds = f"{count(counts.total, 'row')} on record, {number(own)} with what people attached themselves"
    nothing = "" if counts.is_readable else f"{counts.table}.{counts.target} cannot be read; see migration/columns"
    return Judgement(seen=counts.total, unit="rows", holds=holds, not_applicable=nothing)


def columns_set_by(statements: Iterable[str], columns: Iterable[str]) -> set[str]:
    """Return those of `columns` that an UPDATE among `statements` sets, by the words between SET and WHERE."""
    clauses = [match.group(1) for sql in statements for match in _SET_CLAUSE.finditer(sql)]
    return {name for name in columns if any(re.search(rf'(?<!\w){re.escape(name)}"?\s*=', one) for one in clauses)}


def not_on_this_way(kind: str, why: str) -> Judgement:
    """Return that there is nothing to judge after a rollback of this `kind`, and why."""
    return Judgement(seen=0, unit="rows", holds="", not_applicable=f"rollback of {kind}: {why}")


def answers(check: str, url: str, said: str, *, is_promised: bool, promised: int, source: str, run: str) -> Judgement:
    """What is asked at `url` answers with the promised status after the rollback; `said` is the answer in words."""
    findings: tuple[Finding, ...] = ()
    if not is_promised:
        findings = (
            Finding(
                check=check,
                subject=url,
                want=f"{promised} ({source})",
                have=said,
                why="people cannot use the inbox: the way back did not lead back",
                fix="read the backend's log; check that the old release was built and started",
                run=run,
            ),
        )
    return Judgement(seen=1, unit="requests", holds=f"{url} answers {said}", findings=findings)


def old_release_is_checked_out(
    check: str, head: str, release: str | None, *, source: str, part: str = "backend"
) -> Judgement:
    """The checkout stands before the release; `release` is the feature's commit in its history, None where absent."""
    findings: tuple[Finding, ...] = ()
    if release is not None:
        findings = (
            Finding(
                check=check,
                subject=f"{part} checkout",
                want=f"a commit from before the release ({source})",
                have=f"{head}, which has {release} in its history",
                why="the next restart or build brings the new release back",
                fix="git checkout the commit saved in step 1.2, build, restart, then this gate",
            ),
        )
    return Judgement(seen=1, unit="checkouts", holds=f"{head} is from before the release", findings=findings)


def under_the_new_page(judgement: Judgement) -> Judgement:
    """What people miss after a rollback of the data alone, while the new page is out, is a warning.

    The document promises nothing of the page on this way; the new one reads what the way back empties.
    """
    fix = "take the code back as well: the new page reads what this way empties, the old one does not"
    findings = tuple(replace(one, severity=Severity.WARNING, fix=fix) for one in judgement.findings)
    if not findings:
        return judgement
    return replace(judgement, findings=findings, seen=max(judgement.seen, len(findings)), undecided="")


class Columns(Protocol):
    """Which columns of which table hold a medium: before the release, and since."""

    @property
    def table(self) -> str: ...  # noqa: D102  the change file's own words
    @property
    def from_column(self) -> str: ...  # noqa: D102


def old_field_is_there(check: str, columns: Columns, known: Sequence[str], *, source: str) -> Judgement:
    """The column that the old page and the old backend read is in the table; `known` are all its columns."""
    table, field = columns.table, columns.from_column
    findings: tuple[Finding, ...] = ()
    if known and field not in known:
        findings = (
            Finding(
                check=check,
                subject=f"{table}.{field}",
                want=f"the column that the old release reads its media from ({source})",
                have=f"{table} has {some(list(known))}",
                why="the old code does not work on this schema: conversations with media cannot be opened",
                fix="bring the column back (its values are in the dump), or go forward again with the new code",
                run=f"psql -c '\\d {table}'",
            ),
        )
    return Judgement(seen=len(known), unit="columns", holds=f"{table} has {field}", findings=findings)
