"""Whether the page loaded, again and again, without errors that it did not have before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from releasegate.checks.watch.promise import Before, WatchPromise
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.watch import PageLook, Round
from releasegate.core.figures import count, moment

Load = tuple[Round, PageLook]
_MOST_FINDINGS = 5


def page_stayed_good(rounds: Sequence[Round], promise: WatchPromise, before: Before) -> Judgement:
    """Judge that every load of the page was answered 2xx and brought no new error.

    What went wrong in one load and not in those after it is a blip and a warning. Where preflight recorded nothing,
    an error may be an old one, and is a warning too.
    """
    check = "monitoring/page-stayed-good"
    loads = [(one, one.page) for one in rounds if one.page is not None]
    failed = [load for load in loads if not _is_answered(load[1])]
    findings = [_not_loaded(check, loads, failed, promise)] if failed else []
    findings += [_new_error(check, shape, loads, promise, before) for shape in _new_shapes(loads, before)]
    return Judgement(
        seen=len(loads),
        unit="loads of the page",
        holds=f"{count(len(loads), 'load')} of the page, each answered 2xx and without a new error",
        findings=tuple(findings),
    )


def _is_answered(look: PageLook) -> bool:
    return look.status is not None and 200 <= look.status < 300


def _severity(loads: Sequence[Load], bad: Sequence[Load]) -> Severity:
    """Return whether it is wrong: seen twice, or still there at the end."""
    return Severity.ERROR if len(bad) > 1 or (bad and bad[-1] == loads[-1]) else Severity.WARNING


def _not_loaded(check: str, loads: Sequence[Load], failed: Sequence[Load], promise: WatchPromise) -> Finding:
    said = Counter(str(look.status) if look.status is not None else look.error for _, look in failed)
    return Finding(
        check=check,
        subject="page",
        want=f"the page answers 2xx at every load ({promise.page_source})",
        have=f"not in {len(failed)} of {count(len(loads), 'load')}, first at {moment(failed[0][0].at)}: "
        + ", ".join(f"{what} ({number}x)" for what, number in said.most_common()),
        why="nobody can open the application then",
        fix="look whether the frontend's service was restarted, and at what its log says at that time",
        severity=_severity(loads, failed),
    )


def _new_shapes(loads: Sequence[Load], before: Before) -> list[str]:
    known = set(before.page_shapes or ())
    found = Counter(shape for _, look in loads for shape in look.shapes if shape not in known)
    allowed = [pattern for pattern, _ in before.allowed]
    return [
        shape
        for shape, _ in found.most_common()
        if not any(re.search(pattern, shape, re.IGNORECASE) for pattern in allowed)
    ][:_MOST_FINDINGS]


def _new_error(
    check: str, shape: str, loads: Sequence[Load], promise: WatchPromise, before: Before
) -> Finding:  # fmt: skip
    bad = [load for load in loads if shape in load[1].shapes]
    unsure = "" if before.page_shapes is not None else " (what the page had before the release is not known)"
    return Finding(
        check=check,
        subject="page",
        want=f"no error on the page that it did not have before ({promise.page_source})",
        have=f"in {len(bad)} of {count(len(loads), 'load')}, first at {moment(bad[0][0].at)}: {shape}{unsure}",
        why="what a script stumbles over is missing on the page",
        fix="open the page with the developer tools (F12); or allow it in the target's [[allow]] with a reason",
        severity=_severity(loads, bad) if before.page_shapes is not None else Severity.WARNING,
    )
