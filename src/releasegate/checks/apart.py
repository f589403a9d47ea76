"""What is different from before the release once a way back was taken: all of it, and what of it nothing explains."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from releasegate.checks.planned import differences, is_planned
from releasegate.checks.words import number, some
from releasegate.checks.writable import demanded_columns, way_to_write
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.back import Difference
from releasegate.core.facts.catalog import Catalog
from releasegate.core.facts.rows import Checksums
from releasegate.core.figures import count

CHECK = "rollback/differences"
COME_AND_GO = "sessions, jobs and what people delete come and go"
JUDGED = "judged by rollback/source-unchanged"
_MOST = 20


def of_catalog(now: Catalog, before: Catalog, kind: str, planned: Collection[str]) -> Iterator[Difference]:
    """Yield what differs in the catalog; after a restore another check judges it, else only what the change names."""
    demanded = set(demanded_columns(now, before)) if kind == "code" else set()
    for name, what, definition in differences(now, before):
        is_own = is_planned(name, definition or before.get(name, ""), planned)
        because = "the schema of the release stays on this way" if is_own and name not in demanded else ""
        yield Difference(
            what=name,
            before=before.get(name, "not there"),
            now=definition or what,
            because="judged by rollback/catalog-is-back" if kind == "restore" else because,
            is_demanded=name in demanded,
        )


def of_rows(table: str, now: int | None, before: int, *, because: str = "") -> Iterator[Difference]:
    """Yield by how many rows a table differs: people write meanwhile; `because` explains fewer, "" leaves it odd."""
    if now is not None and now != before:
        why = "people wrote meanwhile" if now > before else because
        yield Difference(what=f"rows of {table}", before=number(before), now=number(now), because=why)


def of_columns(now: Checksums, before: Checksums, rewritten: Collection[str]) -> Iterator[Difference]:
    """Yield which columns hold other values in rows from before the release, in how many groups of rows."""
    shared = [group for group, sums in before.groups.items() if now.groups.get(group, ("",))[0] == sums[0]]
    for place, column in enumerate(before.columns, start=1):
        if column not in now.columns:
            yield Difference(what=f"column {before.table}.{column}", before="there", now="gone", because=JUDGED)
            continue
        there = 1 + now.columns.index(column)
        changed = sum(now.groups[group][there] != before.groups[group][place] for group in shared)
        if changed:
            yield Difference(
                what=f"values of {before.table}.{column}",
                before=count(len(shared), "group") + " of rows",
                now=f"others in {number(changed)}",
                because="the document's own statement sets it" if column in rewritten else JUDGED,
            )


def of_code(now: Mapping[str, str], before: Mapping[str, str], kind: str) -> Iterator[Difference]:
    """Yield which checkouts stand at another commit than when the backup was taken."""
    for path, head in now.items():
        if path in before and before[path] != head:
            because = "the code stays as it is on this way" if kind == "data" else ""
            yield Difference(what=f"commit of {path}", before=before[path], now=head, because=because)


def differences_are_explained(
    found: Sequence[Difference] | None, kind: str, compared: int, *, source: str
) -> Judgement:
    """Everything that differs from before the release is what this way back leaves, or another check judges it.

    `found` None means that nothing is on record to compare with. What nothing explains is a warning: no document
    promises more than the boxes that are judged by themselves.
    """
    if found is None:
        undecided = "nothing to compare with: preflight recorded no baseline"
        return Judgement(seen=0, unit="things compared", holds="", undecided=undecided)
    odd = [one for one in found if not one.because]
    findings = tuple(_unexplained(one, kind, source) for one in odd[:_MOST])
    reasons = {one.because: sum(other.because == one.because for other in found) for one in found if one.because}
    told = some([f"{number(many)} because {why}" for why, many in reasons.items()])
    holds = f"{number(compared)} things compared with before the release: {number(len(found))} differ"
    return Judgement(
        seen=compared, unit="things compared", holds=f"{holds} ({told})" if told else holds, findings=findings
    )


def _unexplained(one: Difference, kind: str, source: str) -> Finding:
    finding = Finding(
        check=CHECK,
        subject=one.what,
        want=f"as before the release: {one.before} ({source})",
        have=one.now,
        why=f"a rollback of {kind} does not explain it, so the state is neither the old one nor the new one",
        fix="find out who changed it; put it back, or write down that it stays",
        severity=Severity.WARNING,
    )
    if not one.is_demanded:
        return finding
    return replace(
        finding,
        why="the database refuses every row that the old release writes, for it fills this column with nothing",
        fix=f"let it write: {way_to_write(one.what)}",
    )
