"""Whether the services stayed up, were not restarted, and did not grow; and the disks they write to."""

from __future__ import annotations

from collections.abc import Sequence

from releasegate.checks.watch.enough import why_too_few
from releasegate.checks.watch.health import least_seen, severity
from releasegate.checks.watch.promise import Before, WatchPromise
from releasegate.checks.watch.rules import figure, of_signal
from releasegate.core import Finding, Judgement
from releasegate.core.facts.watch import Round, ServiceLook
from releasegate.core.figures import count, moment


def services_stayed_up(rounds: Sequence[Round], promise: WatchPromise, before: Before) -> Judgement:
    """Judge that each service ran in every round, that nothing restarted it, and that its memory did not leak.

    That they run is promised; restarts and memory are only worth a look where no document speaks of them.
    """
    check = "monitoring/services-stayed-up"
    looked = [one for one in rounds if one.services is not None]
    parts = dict.fromkeys(look.part for one in looked for look in one.services or ())
    findings = [found for part in parts if (found := _down(check, part, looked, promise))]
    _, restarts = of_signal(
        check, "restarts", rounds, promise, before,
        why="whoever was at work then met an error, and a process that fell once falls again",
        fix="look at the service's log before each restart; a restart of your own is no finding, say so in a waiver",
    )  # fmt: skip
    _, memory = of_signal(
        check, "memory", rounds, promise, before,
        why="what grows for two hours fills the machine in some days, and then the service is killed",
        fix="watch it for longer, and compare with the load; look for what is kept and never let go",
    )  # fmt: skip
    least = least_seen(rounds, promise)
    reasons = [one.services_error for one in rounds]
    return Judgement(
        seen=len(looked),
        least=least,
        unit="rounds that looked at the services",
        holds=f"{', '.join(parts)} ran in all of {count(len(looked), 'round')}, without a restart or a leak",
        findings=(*findings, *restarts, *memory),
        undecided=why_too_few(len(looked), least, len(rounds), "looked at the services", reasons),
    )


def _down(check: str, part: str, looked: Sequence[Round], promise: WatchPromise) -> Finding | None:
    down = [one for one in looked if not _of(one, part).is_running]
    if not down:
        return None
    states = dict.fromkeys(_of(one, part).state for one in down)
    return Finding(
        check=check,
        subject=part,
        want=f"it runs in every round ({promise.services_source})",
        have=f"not in {len(down)} of {count(len(looked), 'round')}, first at {moment(down[0].at)}, last at "
        f"{moment(down[-1].at)}: {', '.join(states)}",
        why="nobody is served meanwhile",
        fix="start it, and read its log before it ended; go back if it does not stay up",
        severity=severity(looked, down, promise),
    )


def _of(one: Round, part: str) -> ServiceLook:
    gone = ServiceLook(part=part, is_running=False, state="not looked at")
    return next((look for look in one.services or () if look.part == part), gone)


def disk_stayed_free(rounds: Sequence[Round], promise: WatchPromise, before: Before) -> Judgement:
    """Judge that no disk runs full at the pace at which it was used up during the watch."""
    check = "monitoring/disk-stayed-free"
    looked = [one for one in rounds if one.disks]
    disks, findings = of_signal(
        check, "disk", rounds, promise, before,
        why="a database that cannot write stops, and a log that cannot be written takes its service along",
        fix="find what writes so much since the release (du, the logs, temporary files), and make room",
    )  # fmt: skip
    left = ", ".join(f"{disk.subject} {figure(disk.seen[-1][1])} GB" for disk in disks)
    least = least_seen(rounds, promise)
    return Judgement(
        seen=len(looked),
        least=least,
        unit="rounds that looked at the disks",
        holds=f"free at the end: {left}",
        findings=tuple(findings),
        undecided=why_too_few(
            len(looked), least, len(rounds), "looked at the disks", [one.disks_error for one in rounds]
        ),
    )
