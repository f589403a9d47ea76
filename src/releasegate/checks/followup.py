"""Whether a release is still well a day or a week later, as its database shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from releasegate.checks.watch.promise import OURS
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.followup import IndexUse, Readers, Usage
from releasegate.core.figures import count, gigabytes
from releasegate.core.lines import cut

_FEWEST_ROWS: Final = 10_000  # of fewer the planner reads the whole table, whatever indexes there are
_NEARLY_A_WEEK_S: Final = 6 * 86_400.0  # a week later is the same weekday, at whatever time
_SHOWN: Final = 70


def time_has_passed(passed_s: float | None, *, after_week: bool) -> Judgement:
    """Say how long ago the release was out; a week that was asked for and is not over is worth a look.

    What nobody used yet, and who still reads the old column, says little before. `passed_s` is None where no gate saw
    the release.
    """
    if passed_s is None:
        return Judgement(seen=0, unit="releases", holds="", not_applicable="no gate saw when the release was out")
    findings: tuple[Finding, ...] = ()
    if after_week and passed_s < _NEARLY_A_WEEK_S:
        findings = (
            Finding(
                check="followup/time-passed",
                subject="--after 7d",
                want=f"a week has passed since the release was out ({OURS})",
                have=f"{show_duration(passed_s)} have",
                why="what nobody uses yet, and who still reads the old column, says little by now",
                fix="run it again when the week is over; until then --after 24h",
                severity=Severity.WARNING,
            ),
        )
    return Judgement(
        seen=1, unit="releases", holds=f"{show_duration(passed_s)} after the release was out", findings=findings
    )


class PromisedIndex(Protocol):
    """An index as the change file promises it."""

    @property
    def name(self) -> str: ...  # noqa: D102  the fields of the change file's [[schema.indexes]]
    @property
    def table(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102


def indexes_are_used(indexes: Sequence[IndexUse], promised: Sequence[PromisedIndex], *, after_week: bool) -> Judgement:
    """Judge that every promised index is there and valid, and after a week that somebody uses it; others valid too.

    Only that it is there is promised: what nobody uses, or is invalid beside it, is worth a look.
    """
    by_name = {index.name: index for index in indexes}
    findings = [_gone(one, by_name.get(one.name)) for one in promised if not _is_valid(by_name.get(one.name))]
    named = {one.name for one in promised}
    findings += [_invalid(index) for index in indexes if not index.is_valid and index.name not in named]
    if after_week:
        found = (by_name[name] for name in sorted(named) if _is_valid(by_name.get(name)))
        findings += [_unused(index) for index in found if index.scans == 0 and index.live_rows >= _FEWEST_ROWS]
    return Judgement(
        seen=len(indexes),
        unit="indexes",
        holds=", ".join(f"{name}: {_uses(by_name[name])}" for name in sorted(named) if name in by_name),
        findings=tuple(findings),
    )


def _is_valid(index: IndexUse | None) -> bool:
    return index is not None and index.is_valid


def _uses(index: IndexUse) -> str:
    return "uses hidden from this role" if index.scans is None else count(index.scans, "use")


def _gone(promised: PromisedIndex, found: IndexUse | None) -> Finding:
    return Finding(
        check="followup/indexes",
        subject=promised.name,
        want=f"a valid index on {promised.table} ({promised.source})",
        have="no such index" if found is None else "it is there and invalid",
        why="PostgreSQL does not use it: what was fast on the day of the release reads the whole table",
        fix="find out who dropped or rebuilt it; REINDEX INDEX CONCURRENTLY, or create it again",
        run=f"psql -c '\\d {promised.name}'",
    )


def _invalid(index: IndexUse) -> Finding:
    return Finding(
        check="followup/indexes",
        subject=index.name,
        want=f"no invalid index on {index.table} ({OURS})",
        have=f"it is invalid and takes {gigabytes(index.size_bytes)}",
        why="every write keeps it up to date and no read uses it; most often CREATE INDEX CONCURRENTLY failed",
        fix=f"DROP INDEX CONCURRENTLY {index.name}, and create it again where it is wanted",
        severity=Severity.WARNING,
    )


def _unused(index: IndexUse) -> Finding:
    return Finding(
        check="followup/indexes",
        subject=index.name,
        want=f"the release's index is used ({OURS})",
        have=f"no use in a table of {count(index.live_rows, 'row')} since the statistics were reset",
        why="it costs every write and helps no read, or the query that it was made for does not fit it",
        fix="EXPLAIN the query that it was made for; drop it where nothing needs it",
        severity=Severity.WARNING,
    )


def new_columns_are_used(usage: Usage | None, *, after_week: bool) -> Judgement:
    """Judge after a week that somebody uses what the release brought; nobody promised it, so it is a warning."""
    check = "followup/feature-used"
    if not after_week or usage is None:
        return Judgement(seen=0, unit="rows", holds="", not_applicable="asked after a week: --after 7d")
    if usage.trouble or not usage.rows:
        why = usage.trouble or f"no row was written to {usage.table} since {usage.since}"
        return Judgement(seen=1, unit="tables", holds="", findings=(_not_used(check, usage, why),))
    findings = tuple(
        _not_used(check, usage, f"none of {count(usage.rows, 'row')} written since the release has {name}")
        for name, filled in usage.filled.items() if not filled
    )  # fmt: skip
    told = ", ".join(f"{name} in {filled}" for name, filled in usage.filled.items())
    holds = f"of {count(usage.rows, 'row')} written since the release: {told}"
    return Judgement(seen=usage.rows, unit="rows since the release", holds=holds, findings=findings)


def _not_used(check: str, usage: Usage, have: str) -> Finding:
    return Finding(
        check=check,
        subject=usage.table,
        want=f"what the release brought is used ({OURS})",
        have=have,
        why="a feature that nobody uses is either not found, or does not work for whoever tries",
        fix="ask the support team, and try it as a user does",
        severity=Severity.WARNING,
    )


def old_column_readers(readers: Readers | None, *, source: str, after_week: bool) -> Judgement:
    """Say after a week who still reads the old column, for whoever considers to remove it; it judges nobody.

    Where the statements cannot be seen that is a warning: nobody may take that for "none".
    """
    if not after_week or readers is None:
        return Judgement(seen=0, unit="statements", holds="", not_applicable="asked after a week: --after 7d")
    if readers.trouble:
        finding = Finding(
            check="followup/old-column-readers",
            subject=readers.column,
            want=f"it is known who still reads {readers.table}.{readers.column} ({source})",
            have=readers.trouble,
            why="a column that somebody reads cannot be removed",
            fix="CREATE EXTENSION pg_stat_statements, and GRANT pg_monitor to the gate's role",
            severity=Severity.WARNING,
        )
        return Judgement(seen=1, unit="looks", holds="", findings=(finding,))
    shown = "; ".join(cut(one.text, _SHOWN) for one in readers.statements[:3])
    kinds = count(len(readers.statements), "kind of statement", "kinds of statement")
    verb = "names" if len(readers.statements) == 1 else "name"
    return Judgement(
        seen=1,
        unit="looks at the statements",
        holds=f"{kinds} still {verb} {readers.column}" + (f": {shown}" if shown else ""),
    )
