"""Whether a service that was started stays what it is, and has its port to itself."""

from __future__ import annotations

from releasegate.checks.services import START_TOLERANCE
from releasegate.core import Finding, Judgement, Severity
from releasegate.core.facts.services import Listener, PortFacts, ServiceFacts, ServiceStay
from releasegate.core.figures import count

# What listens for a service without being of its family: Docker's forwarder, and systemd for a socket unit.
_FORWARDERS = ("docker-proxy", "rootlessport", "systemd", "conmon", "slirp4netns", "pasta")


def service_stays(check: str, stay: ServiceStay, least_s: float, source: str) -> Judgement:
    """Judge that a service which ran at a first look is the same process, with as many restarts, at a second.

    A crash loop looks up in between. Restarts from before the first look that nobody asked for are a warning.
    """
    first, second = stay.first, stay.second
    unit = "looks"
    if first.unmanaged:
        return Judgement(seen=0, unit=unit, holds="", not_applicable=f"nobody manages the services: {first.unmanaged}")
    if not first.is_running:
        return Judgement(
            seen=1, least=2, unit=unit, holds="", undecided=f"the {first.part} does not run: {first.state}"
        )
    was_told = first.since is not None or first.pid is not None or first.restarts is not None
    findings = [_went_away(check, stay, source)] if _has_gone(stay) else []
    if not findings and second.restarts:
        findings.append(_crashed(check, second))
    undecided = (
        "" if stay.apart_s >= least_s else f"the two looks were {stay.apart_s:.1f} s apart, {least_s:g} s is least"
    )
    return Judgement(
        seen=2 if was_told else 1,
        least=2,
        unit=unit,
        holds=f"{second.part}: the same process, {second.state}, {stay.apart_s:.1f} s later",
        findings=tuple(findings),
        undecided="" if findings else undecided,
    )


def _has_gone(stay: ServiceStay) -> bool:
    first, second = stay.first, stay.second
    began_again = bool(first.since and second.since and second.since > first.since + START_TOLERANCE)
    other_process = bool(first.pid and second.pid and first.pid != second.pid and first.instances == 1)
    crashed = (second.restarts or 0) > (first.restarts or 0)
    return not second.is_running or began_again or other_process or crashed


def _went_away(check: str, stay: ServiceStay, source: str) -> Finding:
    first, second = stay.first, stay.second
    if not second.is_running:
        have = second.state
    elif (second.restarts or 0) > (first.restarts or 0):
        have = f"{second.manager} counts {count((second.restarts or 0) - (first.restarts or 0), 'restart')} in between"
    else:
        have = f"another process, {second.pid}, in place of {first.pid}"
    return Finding(
        check=check,
        subject=f"{first.part} ({first.name})",
        want=f"the process that ran {stay.apart_s:.1f} s before ({source})",
        have=have,
        why="a service that ends and is started again looks up in between, and drops what it was doing",
        fix="read the lines before each start in its log; mend the cause, or go back as the runbook says",
        run=second.seen_with,
    )


def port_is_its_own(check: str, ports: PortFacts | None, source: str) -> Judgement:
    """Judge that what listens where the service is to be found is the service, and nothing beside it.

    A port that the target does not name as the service's own may be that of something in front: it is judged only
    where the service listens nowhere at all. What one may not see is not judged.
    """
    unit = "listening processes"
    if ports is None:
        return _no_port(unit, "no port of this machine is known to be its own; [services] port names it")
    there = [one for one in ports.listeners if one.port == ports.port]
    own = [one for one in ports.listeners if one.pid in ports.family]
    foreign = [one for one in there if one.pid not in ports.family and one.command not in _FORWARDERS]
    if not there:
        return _no_port(unit, f"nothing listens on port {ports.port} of this machine: it is forwarded to the service")
    if any(one.pid is None for one in there):
        return _no_port(unit, f"this user may not see who listens on port {ports.port}")
    if foreign and own and not ports.is_told and not any(one.port == ports.port for one in own):
        return _no_port(
            unit, f"port {ports.port} is {foreign[0].command}'s, in front of port {own[0].port} of the service"
        )
    return Judgement(
        seen=len(there),
        unit=unit,
        holds=f"port {ports.port} is the {ports.part}'s own",
        findings=tuple(_taken(check, ports, one, source) for one in foreign[:1]),
    )


def _no_port(unit: str, reason: str) -> Judgement:
    return Judgement(seen=0, unit=unit, holds="", not_applicable=reason)


def _taken(check: str, ports: PortFacts, other: Listener, source: str) -> Finding:
    return Finding(
        check=check,
        subject=f"port {ports.port} of the {ports.part}",
        want=f"the {ports.part} listens there, and nothing else ({source})",
        have=f"{other.command or 'a process'} ({other.pid}) listens there, which the {ports.part} did not start",
        why="requests are answered by something else than what was deployed, an older process for example",
        fix=f"find out what it is (ps -fp {other.pid}), end it, restart the {ports.part}, then run this gate again",
        run=ports.seen_with,
    )


def _crashed(check: str, facts: ServiceFacts) -> Finding:
    return Finding(
        check=check,
        subject=f"{facts.part} ({facts.name})",
        want="no restarts that nobody asked for (releasegate: a crash loop looks up in between)",
        have=f"{facts.manager} counts {count(facts.restarts or 0, 'restart')}",
        why="every crash drops the requests that were under way",
        fix="read the lines before each start in its log",
        run=facts.seen_with,
        severity=Severity.WARNING,
    )
