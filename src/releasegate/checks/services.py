"""Whether a service runs, since when, and whether it is the build that was released."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from releasegate.core import Finding, Judgement, pointers
from releasegate.core.facts.code import BuildFacts, CodeFacts
from releasegate.core.facts.http import Answer
from releasegate.core.facts.services import ServiceFacts
from releasegate.core.figures import moment

# ps and systemd tell a start to the second, and a process begins a little before it is told to have begun
START_TOLERANCE = timedelta(seconds=2)
_HASH = re.compile(r"(?<![0-9a-z])g?([0-9a-f]{7,40})(?![0-9a-z])")


def services_are_up(check: str, services: Sequence[ServiceFacts], source: str) -> Judgement:
    """Judge that each service is there, runs and is healthy where it has a health check."""
    unmanaged = next((facts.unmanaged for facts in services if facts.unmanaged), "")
    starting = [facts for facts in services if facts.is_running and facts.health == "starting"]
    return Judgement(
        seen=len(services),
        unit="services",
        holds="; ".join(_told(facts) for facts in services),
        findings=tuple(_down(check, facts, source) for facts in services if not facts.unmanaged and not _is_up(facts)),
        undecided="; ".join(f"{facts.part}: its health check has not answered yet" for facts in starting),
        not_applicable=f"nobody manages the services: {unmanaged}" if unmanaged else "",
    )


def restarted_and_up(check: str, facts: ServiceFacts, deploy_began: datetime | None, source: str) -> Judgement:
    """Judge that a service is up, and began after the deploy did, where that is known."""
    up = services_are_up(check, [facts], source)
    if facts.unmanaged or not _is_up(facts):
        return up
    findings = []
    if deploy_began and facts.since and facts.since + START_TOLERANCE < deploy_began:
        findings.append(_not_restarted(check, facts, deploy_began, source))
    unknown = f"{facts.manager} does not say since when {facts.part} runs"
    undecided = up.undecided or (unknown if deploy_began and facts.since is None else "")
    return Judgement(seen=1, unit=up.unit, holds=up.holds, findings=tuple(findings), undecided=undecided)


def _is_up(facts: ServiceFacts) -> bool:
    return facts.is_running and facts.health != "unhealthy"


def _told(facts: ServiceFacts) -> str:
    since = f" since {moment(facts.since)}" if facts.since else ""
    health = f", {facts.health}" if facts.health else ""
    return f"{facts.part} is {facts.state}{since}{health}"


def _down(check: str, facts: ServiceFacts, source: str) -> Finding:
    if not facts.is_there:
        nearest = f"; it knows {', '.join(facts.nearest)}" if facts.nearest else "; it knows none at all"
        have = f"{facts.manager} knows no {facts.name!r}{nearest}"
    elif facts.is_running:
        have = f"runs, and its health check says {facts.health}"
    else:
        have = facts.state
    return Finding(
        check=check,
        subject=f"{facts.part} ({facts.name})",
        want=f"{_running(facts)} ({source})",
        have=have,
        why=f"nobody can use the application without its {facts.part}",
        fix="start it and read its log; or correct its name in the target's [services]",
        run=facts.seen_with,
    )


def _running(facts: ServiceFacts) -> str:
    return "a process that runs" if facts.manager == "process" else f"runs under {facts.manager}"


def _not_restarted(check: str, facts: ServiceFacts, deploy_began: datetime, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"{facts.part} ({facts.name})",
        want=f"started after the deploy began, {moment(deploy_began)} ({source})",
        have=f"runs since {moment(facts.since or deploy_began)}",
        why="a process from before the deploy runs the old code, whatever lies on the disk",
        fix="restart it as the runbook says, then run this gate again",
        run=facts.seen_with,
    )


def version_said(answer: Answer, *, at: Sequence[str], names: Sequence[str]) -> str:
    """Return what an answer says about its build: at a JSON pointer of `at`, in a header of `names`, or anywhere.

    An answer that is no success says nothing: "".
    """
    if answer.status is None or not 200 <= answer.status < 300:
        return ""
    found = pointers.first(answer.json, at)
    if found is not pointers.MISSING:
        return str(found)
    header = next((answer.headers[name] for name in names if name in answer.headers), "")
    return header or (json.dumps(answer.json) if answer.is_json else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """Two moments that tell whether what runs was made from what lies on disk: `began` must not be before `at`."""

    verb: str
    began: datetime
    what: str
    at: datetime
    tolerance: timedelta = timedelta(0)


def right_build_runs(
    check: str, code: CodeFacts, build: BuildFacts | None, facts: ServiceFacts | None, *, said: str, source: str
) -> Judgement:
    """Judge that the running build is the commit on disk, by the first evidence there is.

    First the commit in `said`, what a version endpoint answered ("" where there is none); then, of a container,
    that its image is not older than the commit; then that the process began after most of its files were written
    (most, as a running Next.js writes some itself).
    """
    hashes = _HASH.findall(said)
    if hashes:
        return _by_version(check, code, hashes, said, source)
    sign = _sign(code, build, facts) if facts is not None and facts.is_running else None
    if facts is None or sign is None:
        return Judgement(seen=0, unit="signs of the running build", holds="")
    return _by_time(check, code, facts, sign, source)


def _sign(code: CodeFacts, build: BuildFacts | None, facts: ServiceFacts) -> _Sign | None:
    if facts.built is not None:
        return _Sign(verb="its image was made", began=facts.built, what="the commit", at=code.committed)
    written = (build.middle if build else None) or code.checked_out
    if facts.since is None or written is None or facts.manager == "docker":  # a container's files are not the disk's
        return None
    return _Sign(verb="it runs since", began=facts.since, what="the files", at=written, tolerance=START_TOLERANCE)


def _by_version(check: str, code: CodeFacts, hashes: Sequence[str], said: str, source: str) -> Judgement:
    finding = Finding(
        check=check,
        subject=f"{code.part} that answers",
        want=f"commit {code.head}, as on disk ({source})",
        have=f"it says it is {' '.join(said.split())[:80]}",
        why="requests are answered by another build than the one that was released and looked at",
        fix=f"build and restart the {code.part}; where several instances answer, restart each",
        run=code.seen_with,
    )
    is_head = any(code.head.hash.startswith(number) for number in hashes)
    return Judgement(
        seen=1,
        unit="signs of the running build",
        holds=f"the {code.part} that answers says it is {code.head}",
        findings=() if is_head else (finding,),
    )


def _by_time(check: str, code: CodeFacts, facts: ServiceFacts, sign: _Sign, source: str) -> Judgement:
    finding = Finding(
        check=check,
        subject=f"{facts.part} ({facts.name})",
        want=f"not older than {sign.what} of {code.head.hash[:9]}, {moment(sign.at)} ({source})",
        have=f"{sign.verb} {moment(sign.began)}",
        why="what runs was made from other code than what lies on the disk",
        fix=f"build and restart the {facts.part} as the runbook says, then run this gate again",
        run=facts.seen_with,
    )
    return Judgement(
        seen=1,
        unit="signs of the running build",
        holds=f"{facts.part}: {sign.verb} {moment(sign.began)}, {sign.what} {moment(sign.at)}; no commit is shown",
        findings=(finding,) if sign.began + sign.tolerance < sign.at else (),
    )
