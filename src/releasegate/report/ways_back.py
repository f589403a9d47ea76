"""The ways back on the page: which of them were, are and will be possible at each moment, and what each loses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from releasegate.change.models import Change, RollbackKind
from releasegate.core.durations import parse_duration, show_duration
from releasegate.core.figures import moment
from releasegate.core.gate import Gate
from releasegate.evidence import ways_back as evidence
from releasegate.evidence.history import History
from releasegate.report.languages import Language
from releasegate.report.views import BackRow, BackWay

TITLES: Final[dict[RollbackKind, str]] = {
    "code": "Rollback of code", "data": "Rollback of data", "restore": "Restore of the dump",
}  # fmt: skip


def ways_back(history: History, change: Change, gates: Sequence[Gate], language: Language) -> tuple[BackRow, ...]:
    """Return a row for each moment of the release at which other ways back are possible; () before anything was run."""
    if not history.all_attempts:
        return ()
    t = language.t
    by_marker = {gate.marker: gate for gate in gates if gate.marker in evidence.MOMENTS}
    begun = evidence.reached(history, gates)
    known = evidence.possible(history, has_statement=any(one.kind == "data" for one in change.rollback))
    now = next((marker for marker in reversed(evidence.MOMENTS) if marker in begun), "")
    nothing = tuple(
        BackWay(kind=kind, title=t(title), why_not=t("nothing of the release is out")) for kind, title in TITLES.items()
    )
    rows = [BackRow(moment=t("before the new backend"), ways=nothing, is_now=not now)]
    so_far: list[str] = []
    for marker, gate in by_marker.items():
        so_far.append(marker)
        ways = tuple(_way(kind, known, so_far, language) for kind in TITLES)
        when = f"{begun[marker]:%Y-%m-%d %H:%M:%S}" if marker in begun else ""
        name = t("from {gate} on ({runbook})", gate=marker, runbook=t(gate.runbook))
        rows.append(BackRow(moment=name, reached=when, ways=ways, is_now=marker == now))
    return tuple(rows)


def _way(kind: RollbackKind, known: evidence.Possible, so_far: Sequence[str], language: Language) -> BackWay:
    why_not = known.why_not(kind, so_far)
    return BackWay(
        kind=kind,
        title=language.t(TITLES[kind]),
        why_not=language.t(why_not) if why_not else "",
        loses=language.t(evidence.loses(kind, so_far)),
    )


def about_them(history: History, change: Change, gates: Sequence[Gate], language: Language) -> Iterator[str]:
    """Yield what is said besides: the point of no return, how long a restore took, the latest time to decide."""
    t = language.t
    if not history.all_attempts:
        return
    out = evidence.reached(history, gates).get(evidence.FRONTEND)
    if out is None:
        yield t("The point of no return is not reached: nobody can write with the new page yet.")
    else:
        passed = t("The point of no return was passed {moment}, when the new page was out: ", moment=moment(out))
        yield passed + t("a restore loses what people wrote with it.")
    took = evidence.restore_took(history)
    if took is not None:
        yield t("A restore of the dump took {span} when the backup gate tried it.", span=show_duration(took))
    began = history.latest_closed("preflight")
    if change.window is None or began is None:
        return
    planned = parse_duration(change.restore.within, where="restore.within").total_seconds() if change.restore else 0.0
    ends = began.began + parse_duration(change.window.length, where="window.length")
    latest = moment(ends - timedelta(seconds=max(planned, took or 0.0)))
    yield t(
        "The maintenance window ends {ends}: to be back by then, decide by {latest}.", ends=moment(ends), latest=latest
    )
