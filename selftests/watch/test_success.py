"""The release document's criteria of success, and what they rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from releasegate.checks.watch.success import Asked, Criterion, criteria_met
from releasegate.core import Verdict

from .histories import BEGAN, good, watch


def criterion(**rests_on: Verdict | None) -> Criterion:
    return Criterion(
        item="success-smoke", text="All smoke tests passed", source="runbook success criteria",
        rests_on={f"smoke/{name.replace('_', '-')}": verdict for name, verdict in rests_on.items()},
    )  # fmt: skip


def test_what_is_wrong_is_said_in_full():
    """The criterion in the document's words, and the checks that break it."""
    (finding,) = criteria_met([criterion(viewer_opens=Verdict.FAIL, fallback=Verdict.PASS)]).findings
    assert str(finding) == (
        "monitoring/success-criteria: success-smoke\n"
        "  want: All smoke tests passed (runbook success criteria)\n"
        "  have: smoke/viewer-opens is wrong\n"
        "  why:  the release document itself calls the release a success only with it\n"
        "  fix:  see what that gate found, mend it and run it again; or go back"
    )


@pytest.mark.parametrize("unknown", [None, Verdict.NOT_RUN, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.BLOCKED])
def test_what_was_never_run_is_no_success(unknown):
    """Nobody looked, so nobody knows."""
    judgement = criteria_met([criterion(viewer_opens=unknown, fallback=Verdict.PASS)])
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.INCONCLUSIVE, "success-smoke: smoke/viewer-opens was not judged; run smoke",
    )  # fmt: skip


@pytest.mark.parametrize("good", [Verdict.PASS, Verdict.WARN, Verdict.WAIVED, Verdict.NOT_APPLICABLE])
def test_what_opens_a_gate_is_good_enough(good):
    """A waiver counts here as it does for the gate."""
    judgement = criteria_met([criterion(viewer_opens=good)])
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS, "1 criterion of success, resting on 1 check of earlier gates",
    )  # fmt: skip


END = BEGAN + timedelta(hours=2) - timedelta(seconds=30)
COMPLAINTS = Asked(item="cp7-complaints", text="No complaints (first 2 hours)", source="runbook checkpoint 7", at=None)


def test_who_attests_before_the_watch_is_over_has_not_heard_everybody():
    """A warning in full; at the last round, later, and not at all are silent here."""
    early = replace(COMPLAINTS, at=END - timedelta(seconds=1))
    judgement = criteria_met([criterion(viewer_opens=Verdict.PASS)], [early], until=END)
    assert judgement.verdict is Verdict.WARN
    assert str(judgement.findings[0]) == (
        "monitoring/success-criteria: cp7-complaints\n"
        "  want: No complaints (first 2 hours), asked when the watch was over (runbook checkpoint 7)\n"
        "  have: attested at 2026-03-01 03:59:29 UTC; the last round was due at 2026-03-01 03:59:30 UTC\n"
        "  why:  who complained after that was not heard\n"
        "  fix:  ask the support team again, and attest it again"
    )
    for silent in (END, END + timedelta(hours=1), None):
        asked = replace(COMPLAINTS, at=silent)
        assert criteria_met([criterion(viewer_opens=Verdict.PASS)], [asked], until=END).verdict is Verdict.PASS
    assert criteria_met([], [early], until=END).verdict is Verdict.WARN
    assert criteria_met([], [early], until=None).verdict is Verdict.NOT_APPLICABLE


def test_the_end_of_a_watch_is_where_its_last_round_was_due():
    """However late the first was."""
    assert watch(good(1)).until == END
    assert watch([]).until is None


def test_a_change_without_criteria_has_nothing_to_judge():
    """Not applicable, and said so."""
    assert criteria_met([]).verdict is Verdict.NOT_APPLICABLE
