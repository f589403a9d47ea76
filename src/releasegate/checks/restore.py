"""Whether the dump was restored: without errors, with every row and every object of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from releasegate.checks.planned import differences
from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.backup import Restored, TableRows
from releasegate.core.facts.catalog import OWNER, Catalog
from releasegate.core.facts.host import DiskFacts
from releasegate.core.facts.rows import Checksums
from releasegate.core.figures import count, gigabytes

RESTORED, ROWS, ROOM = "backup/restored", "backup/restored-rows", "backup/room-to-restore"
OURS = "releasegate"  # who promises what no release document does
_AGAIN = "take the backup again (runbook step 1), then this gate; do not go on without it"
_INVALID = " (invalid)"  # an index that was broken when it was dumped is built anew by a restore
_NOT_RESTORED = ("grants on ", OWNER)
_MOST = 20


def not_allowed() -> Judgement:
    """The target does not let the dump be restored, so nobody knows whether it can be."""
    undecided = "not restored: the target does not allow it; set [backup] rehearse_restore = true, or waive this check"
    return Judgement(seen=0, unit="restores", holds="", undecided=undecided)


def has_baseline(before: Mapping[str, Checksums]) -> Judgement:
    """There is something on record to compare the restored rows with."""
    undecided = "" if before else "no baseline: preflight recorded none"
    rows = sum(one.rows for one in before.values())
    return Judgement(seen=len(before), unit="tables", holds=f"{count(rows, 'row')} on record", undecided=undecided)


def dump_is_restored(restored: Restored, tables: Sequence[TableRows], *, source: str) -> Judgement:
    """The dump went into an empty database without an error, and no table that holds rows came out empty."""
    if restored.lacking:
        undecided = (
            f"not restored as a whole: {restored.server} on this machine has no {some(restored.lacking)}; install it "
            "here, or name a server that has it as backup.scratch_dsn"
        )
        return Judgement(seen=restored.entries, unit="entries", holds="", undecided=undecided)
    findings = [_failed(restored, source)] if restored.errors else []
    empty = [one.table for one in tables if one.has_rows and not one.restored]
    if empty:
        findings.append(_empty(restored, empty, len(tables), source))
    hidden = sum(1 for one in tables if one.has_rows is None)
    rows = sum(one.restored for one in tables)
    holds = (
        f"{number(rows)} rows in {count(len(tables), 'table')} restored in {show_duration(restored.duration_s)} on "
        f"{restored.server}"
    )
    more = f"; {count(hidden, 'table')} of the database could not be looked into" if hidden else ""
    return Judgement(seen=len(tables), unit="tables", holds=holds + more, findings=tuple(findings))


def _failed(restored: Restored, source: str) -> Finding:
    more = f"; {number(len(restored.errors) - 1)} more" if len(restored.errors) > 1 else ""
    return Finding(
        check=RESTORED,
        subject=restored.path,
        want=f"it goes into an empty database without an error ({source})",
        have=f"{restored.errors[0]}{more}",
        why="the way back by this file stops here, or leaves something out",
        fix=_AGAIN,
        run=restored.command,
    )


def _empty(restored: Restored, empty: Sequence[str], tables: int, source: str) -> Finding:
    return Finding(
        check=RESTORED,
        subject=restored.path,
        want=f"rows in each of the tables that hold some, of {count(tables, 'table')} ({source})",
        have=f"none in {some(empty)}",
        why="a restore from this file would lose these tables",
        fix=_AGAIN,
        run=restored.command,
    )


def restore_is_quick_enough(restored: Restored, within_s: float, *, source: str) -> Judgement:
    """The restore took no longer than the document allows for the way back; another machine may be slower."""
    took, allowed = show_duration(restored.duration_s), show_duration(within_s)
    findings: tuple[Finding, ...] = ()
    if restored.duration_s > within_s:
        findings = (
            Finding(
                check=RESTORED,
                subject=restored.path,
                want=f"restored within {allowed} ({source})",
                have=f"{took} on this machine",
                why="the way back takes longer than the document says, and people wait meanwhile",
                fix="plan the window with the measured time; pg_restore -j restores tables side by side",
                run=restored.command,
                severity=Severity.WARNING,
            ),
        )
    return Judgement(seen=1, unit="restores", holds=f"{took}; {allowed} are allowed", findings=findings)


def there_is_room_to_restore(size_bytes: int, disk: DiskFacts | None) -> Judgement:
    """The disk of the server's data has room for the database once more, beside the one that is there.

    A restore into an empty database, which is tried before the old one goes, needs that. N/A where the disk cannot be
    seen from here: what this machine has free for the copy of this gate says nothing about it.
    """
    need = f"{gigabytes(size_bytes)} for the restored database beside the present one"
    if disk is None:
        unseen = f"the disk of the server's data cannot be seen from here; a restore takes {need}: compare it by hand"
        return Judgement(seen=0, unit="disks", holds="", not_applicable=unseen)
    findings: tuple[Finding, ...] = ()
    if disk.free_bytes < size_bytes:
        findings = (
            Finding(
                check=ROOM,
                subject=disk.mount,
                want=f"about {need} ({OURS})",
                have=f"{gigabytes(disk.free_bytes)} free on {disk.mount}",
                why="a restore that finds no room stops half-way, and a full disk stops the database for everybody",
                fix="make room now, while nobody waits for it; or plan to restore on another server",
                run=f"df -h {disk.mount}",
                severity=Severity.WARNING,
            ),
        )
    holds = f"{need}; {gigabytes(disk.free_bytes)} free on {disk.mount}"
    return Judgement(seen=1, unit="disks", holds=holds, findings=findings)


def catalog_came_back(copy: Catalog, before: Catalog | None, *, same_major: bool, source: str) -> Judgement:
    """The copy's catalog is the one that preflight recorded.

    Another major version may write the same definition in other words, which is then worth a look and no more.
    """
    if before is None:
        return Judgement(seen=0, unit="objects", holds="", undecided="no catalog on record: preflight recorded none")
    expected, found = _comparable(before), _comparable(copy)
    findings = tuple(
        Finding(
            check=RESTORED,
            subject=name,
            want=f"as in the database when preflight looked: {expected.get(name) or 'not there'} ({source})",
            have=f"{what}: {definition}" if definition else what,
            why="a restore from this file brings back another database",
            fix=_AGAIN,
            severity=Severity.WARNING if what.startswith("changed") and not same_major else Severity.ERROR,
        )
        for name, what, definition in differences(found, expected)[:_MOST]
    )
    holds = f"{count(len(found), 'object')} of the catalog as preflight recorded them"
    return Judgement(seen=len(found), unit="objects compared", holds=holds, findings=findings)


def _comparable(catalog: Catalog) -> Catalog:
    """Return what a restore without owners and rights brings back: everything but these."""
    return {
        name: definition.removesuffix(_INVALID)
        for name, definition in catalog.items()
        if not name.startswith(_NOT_RESTORED)
    }


@dataclass(frozen=True, slots=True)
class _Groups:
    """The groups of rows of one table, compared three ways: lost by the dump, and edited since the baseline."""

    lost: tuple[int, ...]
    edited: tuple[int, ...]
    unclear: tuple[int, ...]
    rows: int


def rows_came_back(
    copy: Checksums | None, before: Checksums, live: Checksums | None, *, source: str, in_copy: int | None = None
) -> Judgement:
    """Every row that preflight summed up is in the copy and holds what it held.

    A group of rows in which the copy differs while the deployment still holds what it held is a loss. Where the
    deployment differs too, people edited rows meanwhile: before the dump began when the copy agrees with it.
    """
    if copy is None:
        lost = _Groups(lost=tuple(before.groups), edited=(), unclear=(), rows=0)
    else:
        lost = _compared(copy, before, live)
    findings = tuple(_unequal(before, lost, source)) if lost.lost or lost.unclear else ()
    edited = f"; people edited rows in {count(len(lost.edited), 'group')} of them since" if lost.edited else ""
    younger = (in_copy or 0) - lost.rows
    later = f"; {count(younger, 'later row')} in it too" if younger > 0 else ""
    holds = (
        f"{before.table}: {count(lost.rows, 'row')} of {number(before.rows)} came back and hold what they held"
        f"{edited}{later}"
    )
    empty = f"{before.table}: no rows before the release" if not before.rows else ""
    return Judgement(seen=before.rows, unit="rows", holds=holds, findings=findings, not_applicable=empty)


def _compared(copy: Checksums, before: Checksums, live: Checksums | None) -> _Groups:
    columns = [
        (before.columns.index(name), copy.columns.index(name)) for name in before.columns if name in copy.columns
    ]
    whole = len(columns) == len(before.columns)
    lost, edited, unclear = [], [], []
    for group, sums in before.groups.items():
        restored, now = copy.groups.get(group), live.groups.get(group) if live else None
        if whole and restored == sums:
            continue
        if live is None or now == sums or not whole:
            lost.append(group)
        elif restored == now:
            edited.append(group)
        else:
            unclear.append(group)
    return _Groups(tuple(lost), tuple(edited), tuple(unclear), copy.rows)


def _unequal(before: Checksums, groups: _Groups, source: str) -> list[Finding]:
    """Return what the groups show: a loss, or groups that changed on both sides, which is mostly people at work."""
    want = f"the same rows and values in {count(len(before.groups), 'group')} of rows ({source})"
    found, rows = [], count(before.rows, "row")
    if groups.lost:
        found.append(
            Finding(
                check=ROWS,
                subject=before.table,
                want=want,
                have=f"others in {number(len(groups.lost))}; {number(groups.rows)} of {rows} are there",
                why="the database still holds what preflight saw; the file does not",
                fix=_AGAIN,
            )
        )
    if groups.unclear:
        is_broad = len(groups.unclear) * 2 >= len(before.groups)
        found.append(
            Finding(
                check=ROWS,
                subject=before.table,
                want=want,
                have=f"{number(len(groups.unclear))} differ, and the database differs from both by now",
                why="nearly everything changed between preflight and this dump" if is_broad else "people edited these",
                fix=_AGAIN if is_broad else "nothing, where people work meanwhile; else take the backup again",
                severity=Severity.ERROR if is_broad else Severity.WARNING,
            )
        )
    return found
