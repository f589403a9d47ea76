"""Whether the tables of a release stayed lean: dead rows are cleaned away, and no room is left that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from releasegate.checks.watch.promise import OURS
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.durations import show_duration
from releasegate.core.facts.upkeep import Upkeep
from releasegate.core.facts.watch import TableLook
from releasegate.core.figures import count, gigabytes

CHECK: Final = "followup/table-growth"
_MOST_DEAD: Final = 0.5  # of the live rows; autovacuum comes at 0.2 unless it was told otherwise
_FEW_DEAD: Final = 1_000  # that many wait for it at any time
_TIME_ENOUGH_S: Final = 3600.0  # for autovacuum, which looks at every database once a minute and has three workers
_FATTER: Final = 1.5  # times the bytes per row of before
_NOTICEABLE_BYTES: Final = 100_000_000


def tables_stayed_lean(
    now: Mapping[str, TableLook],
    before: Mapping[str, TableLook],
    upkeep: Mapping[str, Upkeep],
    *,
    released_s: float | None,
) -> Judgement:
    """Judge that dead rows are cleaned away, and that the tables did not grow beyond their rows; only warnings.

    `released_s` is how long ago the release was out, None where nobody knows. Many dead rows are no finding while
    autovacuum takes care of the table and has not had the time to: right after a backfill there always are.
    """
    findings = [finding for name, look in now.items() for finding in _dead(name, look, upkeep.get(name), released_s)]
    findings += [
        _fatter(name, look, before[name])
        for name, look in now.items()
        if name in before and _is_fatter(look, before[name])
    ]
    told = (_told(name, look, upkeep.get(name), released_s) for name, look in now.items())
    return Judgement(seen=len(now), unit="tables", holds="; ".join(told), findings=tuple(findings))


def _most_dead(look: TableLook, upkeep: Upkeep | None) -> float:
    """Return from how many dead rows on a table is bloated; never fewer than its autovacuum waits for."""
    return max(_MOST_DEAD * look.live + _FEW_DEAD, upkeep.vacuum_at if upkeep else 0)


def _had_s(upkeep: Upkeep, released_s: float | None) -> float | None:
    """Return how long autovacuum has had: since it was there last, or since the release; None for always."""
    times = [passed for passed in (upkeep.vacuumed_ago_s, released_s) if passed is not None]
    return min(times, default=None)


def _dead(name: str, look: TableLook, upkeep: Upkeep | None, released_s: float | None) -> Iterator[Finding]:
    most = _most_dead(look, upkeep)
    why = _why_they_stay(upkeep, released_s) if upkeep else None
    if look.dead > most and why:
        yield Finding(
            check=CHECK,
            subject=name,
            want=f"at most {count(round(most), 'dead row')} once autovacuum had the time ({OURS})",
            have=f"{count(look.dead, 'dead row')} beside {count(look.live, 'live one')}; {why}",
            why="dead rows are read with the others, and the table grows",
            fix=f"end transactions that stay open, look at autovacuum's settings of the table, and VACUUM {name}",
            severity=Severity.WARNING,
        )


def _why_they_stay(upkeep: Upkeep, released_s: float | None) -> str | None:
    """Return why nobody will take the dead rows away, None where somebody may still come."""
    if not upkeep.is_automatic:
        return "autovacuum is off here"
    if upkeep.is_vacuumed_now:
        return None
    had_s = _had_s(upkeep, released_s)
    if had_s is None:
        return "no vacuum was here since the statistics were reset"
    if had_s >= _TIME_ENOUGH_S:
        return f"no vacuum was here for {show_duration(had_s)}"
    if upkeep.vacuumed_ago_s == had_s and (upkeep.held_s or 0.0) >= _TIME_ENOUGH_S:
        held = show_duration(upkeep.held_s or 0.0)
        return f"vacuum was here {show_duration(had_s)} ago and takes none: a transaction is open for {held}"
    return None


def _told(name: str, look: TableLook, upkeep: Upkeep | None, released_s: float | None) -> str:
    text = f"{name} {gigabytes(look.size_bytes)}, {count(look.dead, 'dead row')}"
    if upkeep is None or look.dead <= _most_dead(look, upkeep):
        return text
    if upkeep.is_vacuumed_now:
        return f"{text}, which vacuum is taking away now"
    return f"{text}, which autovacuum has had {show_duration(_had_s(upkeep, released_s) or 0.0)} for"


def _per_row(look: TableLook) -> float:
    return look.size_bytes / max(1, look.live)


def _is_fatter(now: TableLook, before: TableLook) -> bool:
    grown = now.size_bytes - before.size_bytes
    return grown > _NOTICEABLE_BYTES and before.live > 0 and _per_row(now) > _FATTER * _per_row(before)


def _fatter(name: str, now: TableLook, before: TableLook) -> Finding:
    return Finding(
        check=CHECK,
        subject=name,
        want=f"at most {_FATTER:g} times the bytes per row of before the release ({OURS})",
        have=f"{_per_row(now):.0f} bytes per row, {_per_row(before):.0f} before; "
        f"{gigabytes(now.size_bytes)}, {gigabytes(before.size_bytes)} before",
        why="a backfill rewrites every row: it left room that nobody uses, or the new data is that large",
        fix="compare the size of the new column's data with what was added; pg_repack or VACUUM FULL give room back",
        severity=Severity.WARNING,
    )
