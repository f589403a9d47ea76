"""Whether the rows from before the release hold what they held, by checksums per group of rows.

A live table does not stand still: people edit and delete their messages meanwhile. What differs is compared row by row
with the restored dump where the target allows a restore; elsewhere the number of groups that differ has to do.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from releasegate.checks.words import number, some
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.rows import Checksums, Edited
from releasegate.core.figures import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What may differ: `strict` columns are the backfill's source, into which nobody writes another value.

    `edited_share` is the share of rows that people may have edited, `rewritten` the columns that the document's own
    statement sets. After a restore `all_rows` must be there, and the strict columns hold what they held.
    """

    strict: Collection[str] = ()
    edited_share: float = 0.0
    rewritten: Collection[str] = ()
    all_rows: bool = False


def differing_groups(now: Checksums | None, before: Checksums | None) -> dict[str, tuple[int, ...]]:
    """Return for each column of which groups hold other values, which these are, to be compared row by row.

    A group that lost or gained rows tells nothing by its sums: it is looked at with those that differ, and where half
    of the groups are such. A few deleted rows alone are not worth the copy of the dump that this takes.
    """
    if now is None or before is None:
        return {}
    shared = _shared(now, before)
    apart = [group for group in before.groups if group not in shared]
    is_torn = len(apart) * 2 >= len(before.groups)
    found = {
        column: [group for group in shared if _differs_in(group, column, now, before)]
        for column in before.columns
        if column in now.columns
    }
    return {column: (*groups, *apart) for column, groups in found.items() if groups or (apart and is_torn)}


def source_unchanged(
    check: str,
    now: Checksums | None,
    before: Checksums | None,
    *,
    source: str,
    allowed: Allowance = Allowance(),
    edited: Mapping[str, Edited] | None = None,
) -> Judgement:
    """Judge `now` against `before`; `edited` is what a comparison with the restored dump found, by column.

    A group whose number of rows changed (deleted, or arrived late) cannot be compared by its sums. With the dump,
    another value in a strict column stops a release, and so do more edited rows than allowed. Without it, half of the
    groups stop it; fewer are a warning where so few rows explain them that people may have edited them, and above that
    nobody can tell.
    """
    if now is None or before is None:
        return Judgement(seen=0, unit="rows compared", holds="", undecided="no baseline: preflight recorded none")
    shared = _shared(now, before)
    compared = sum(int(before.groups[group][0]) for group in shared)
    kept = [column for column in before.columns if column not in allowed.rewritten]
    looks = [_Look(check, before, source, allowed, len(shared), (edited or {}).get(column)) for column in kept]
    judged = [
        look.judge(column, sum(_differs_in(group, column, now, before) for group in shared))
        for look, column in zip(looks, kept, strict=True)
    ]
    findings = [finding for finding, _ in judged if finding]
    lost = before.rows - now.rows
    if lost > 0:
        stops = allowed.all_rows or (len(before.groups) - len(shared)) * 2 >= len(before.groups)
        findings.append(_lost(check, before, lost, source, stops=stops))
    said = f"{count(compared, 'row')} from before the release hold what they held: {some(kept)}"
    apart = f"; {number(before.rows - compared)} in groups that gained or lost rows" if compared < before.rows else ""
    return Judgement(
        seen=compared,
        unit="rows compared",
        holds=said + apart,
        findings=tuple(findings),
        undecided=next((undecided for _, undecided in judged if undecided), ""),
        not_applicable="" if before.rows else "no rows before the release",
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One column's look: `of` groups were compared, `edited` is what the dump says about those that differ."""

    check: str
    before: Checksums
    source: str
    allowed: Allowance
    of: int
    edited: Edited | None = None

    def judge(self, column: str, groups: int) -> tuple[Finding | None, str]:
        """Return what is wrong where `groups` differ, and why nobody can tell, where that is so."""
        is_strict = column in self.allowed.strict
        if self.edited is not None and self.edited.rows:  # a copy without these rows tells nothing
            return self._by_rows(column, self.edited, is_strict=is_strict), ""
        if not groups:
            return None, ""
        if groups * 2 >= self.of or (is_strict and self.allowed.all_rows):
            return self._by_groups(column, groups, stops=True), ""
        rows, most = _rows_behind(groups, self.of), self._most_edited(self.before.rows)
        if rows > most:
            return None, (
                f"{self.before.table}.{column}: other values in {number(groups)} of {number(self.of)} groups, about "
                f"{count(rows, 'row')}; people may have edited up to {number(most)}. [backup] rehearse_restore = true "
                "would tell, by the dump"
            )
        return self._by_groups(column, groups, stops=False), ""

    def _by_rows(self, column: str, edited: Edited, *, is_strict: bool) -> Finding | None:
        changed = (*edited.rewritten, *edited.emptied)
        if not changed:  # edited, and edited back; or rows that came and went
            return None
        most = self._most_edited(edited.rows)
        stops = len(changed) > most or (is_strict and bool(edited.rewritten))
        have = [
            f"{number(len(ids))} {what}: {some(ids)}"
            for what, ids in (("hold another value", edited.rewritten), ("hold nothing now", edited.emptied))
            if ids
        ]
        return self._finding(
            column,
            want=f"what the dump holds in {count(edited.rows, 'row')} from before the release ({self.source})",
            have="; ".join(have),
            stops=stops,
        )

    def _by_groups(self, column: str, groups: int, *, stops: bool) -> Finding:
        return self._finding(
            column,
            want=f"the same values in {count(self.of, 'group')} of rows from before the release ({self.source})",
            have=f"other values in {number(groups)} of {number(self.of)}",
            stops=stops,
        )

    def _finding(self, column: str, *, want: str, have: str, stops: bool) -> Finding:
        return Finding(
            check=self.check,
            subject=f"{self.before.table}.{column}",
            want=want,
            have=have,
            why="the old release and the way back read this column" if stops else "people may have edited these rows",
            fix="compare with the backup; restore the column from it" if stops else "look whether people did",
            severity=Severity.ERROR if stops else Severity.WARNING,
        )

    def _most_edited(self, rows: int) -> int:
        return math.ceil(self.allowed.edited_share * rows)


def _rows_behind(groups: int, of: int) -> int:
    """Return how many edited rows leave `groups` of `of` groups different, most likely: each falls into one by chance.

    The expected number of groups hit by k rows is of x (1 - (1 - 1/of)^k) (the occupancy problem; W. Feller, An
    Introduction to Probability Theory and Its Applications, volume 1, IV.2), solved for k.
    """
    return max(groups, round(math.log(1 - groups / of) / math.log(1 - 1 / of)))


def _shared(now: Checksums, before: Checksums) -> list[int]:
    return [group for group, sums in before.groups.items() if now.groups.get(group, ("",))[0] == sums[0]]


def _differs_in(group: int, column: str, now: Checksums, before: Checksums) -> bool:
    if column not in now.columns:
        return True
    old = before.groups[group][1 + before.columns.index(column)]
    return now.groups[group][1 + now.columns.index(column)] != old


def _lost(check: str, before: Checksums, lost: int, source: str, *, stops: bool) -> Finding:
    return Finding(
        check=check,
        subject=before.table,
        want=f"{count(before.rows, 'row')} from before the release ({source})",
        have=f"{number(before.rows - lost)}: {number(lost)} are gone",
        why="messages were lost" if stops else "people may have deleted these",
        fix="compare with the backup before anything else is written" if stops else "look whether people did",
        severity=Severity.ERROR if stops else Severity.WARNING,
    )
