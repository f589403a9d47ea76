"""The release document's own criteria of success, each with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasegate.core import Finding, Judgement, Severity, Verdict
from releasegate.core.figures import count, moment

_CHECK = "monitoring/success-criteria"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One box of this gate that rests on checks of earlier gates: check -> its verdict, None where it never ran."""

    item: str
    text: str
    source: str
    rests_on: dict[str, Verdict | None]

    @property
    def wrong(self) -> list[str]:
        """The checks that are wrong."""
        return [check for check, verdict in self.rests_on.items() if verdict is Verdict.FAIL]

    @property
    def unknown(self) -> list[str]:
        """The checks of which nobody knows: not run, not measured, blocked."""
        opens = (check for check, verdict in self.rests_on.items() if verdict is None or not verdict.opens)
        return [check for check in opens if check not in self.wrong]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One box of this gate that only people know, and when somebody attested it last; None for never."""

    item: str
    text: str
    source: str
    at: datetime | None


def criteria_met(
    criteria: Sequence[Criterion], asked: Sequence[Asked] = (), *, until: datetime | None = None
) -> Judgement:
    """Judge that what the release's success rests on besides this watch was judged, and is good.

    A criterion whose check was never run is INCONCLUSIVE: success is not what nobody looked at. `until` is when the
    watch's last round was due: who attested what people say before that has not heard them all, and is worth a look.
    An item that nobody attested is the gate's own business.
    """
    early = [one for one in asked if one.at and until and one.at < until]
    if not criteria and not early:
        return Judgement(seen=0, unit="criteria", holds="", not_applicable="no criterion rests on an earlier gate")
    unknown = {one.item: one.unknown for one in criteria if one.unknown}
    said = "; ".join(f"{item}: {_some(checks)} {'was' if len(checks) == 1 else 'were'} not judged"
                     for item, checks in unknown.items())  # fmt: skip
    return Judgement(
        seen=len(criteria) + len(early),
        unit="criteria",
        holds=f"{count(len(criteria), 'criterion', 'criteria')} of success, resting on "
        f"{count(sum(len(one.rests_on) for one in criteria), 'check')} of earlier gates",
        findings=(*(_unmet(one) for one in criteria if one.wrong), *(_early(one, until) for one in early)),
        undecided=f"{said}; run {_gates(unknown)}" if unknown else "",
    )


def _unmet(one: Criterion) -> Finding:
    return Finding(
        check=_CHECK,
        subject=one.item,
        want=f"{one.text} ({one.source})",
        have=f"{_some(one.wrong)} {'is' if len(one.wrong) == 1 else 'are'} wrong",
        why="the release document itself calls the release a success only with it",
        fix="see what that gate found, mend it and run it again; or go back",
    )


def _early(one: Asked, until: datetime | None) -> Finding:
    assert one.at is not None
    assert until is not None
    return Finding(
        check=_CHECK,
        subject=one.item,
        want=f"{one.text}, asked when the watch was over ({one.source})",
        have=f"attested at {moment(one.at)}; the last round was due at {moment(until)}",
        why="who complained after that was not heard",
        fix="ask the support team again, and attest it again",
        severity=Severity.WARNING,
    )


def _some(checks: Sequence[str]) -> str:
    return ", ".join(checks[:3]) + (f" and {len(checks) - 3} more" if len(checks) > 3 else "")


def _gates(unknown: dict[str, list[str]]) -> str:
    return ", ".join(dict.fromkeys(check.partition("/")[0] for checks in unknown.values() for check in checks))
