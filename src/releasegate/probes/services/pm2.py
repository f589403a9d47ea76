"""PM2: what `pm2 jlist` says about the processes of one name, as one service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from releasegate.core import CannotMeasure
from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine
from releasegate.probes.services.manager import cannot_ask, memory_of, not_there, parse_json
from releasegate.target.models import Service

JLIST = ("pm2", "jlist")
# `pm2 jlist` starts a daemon where none runs, and a look must start nothing: so its pid is looked at first.
_ALIVE = 'p="${PM2_HOME:-$HOME/.pm2}/pm2.pid"; [ -r "$p" ] && kill -0 "$(cat "$p")"'


def look_up(machine: Machine, part: str, service: Service) -> ServiceFacts:
    """Return the facts about all processes that PM2 knows as `service.name`, together.

    Raises CannotMeasure where there is no PM2, or no daemon of this user's.
    """
    seen_with = machine.by_hand(["pm2", "describe", service.name])
    listed = processes(machine)
    mine = [one for one in listed if one.get("name") == service.name]
    if not mine:
        return not_there(part, service, "pm2", (str(one.get("name")) for one in listed), seen_with)
    return _facts(machine, part, service, mine, seen_with)


def processes(machine: Machine) -> list[dict[str, Any]]:
    """Return what PM2 lists. It prints every process's environment, so this is for facts, never for evidence."""
    if machine.run(["sh", "-c", _ALIVE]).exit_code != 0:
        raise CannotMeasure(
            f"{machine.address}: no PM2 daemon runs for {machine.identity.user}; "
            "log in as the user whose processes they are",
            run=machine.by_hand(["pm2", "ping"]),
        )
    ran = machine.run(JLIST)
    if ran.exit_code != 0:
        raise cannot_ask(machine, JLIST, ran, {})
    # a daemon older than the command makes PM2 print a banner above the list
    lists = [line for line in ran.stdout.splitlines() if line.startswith("[")]
    listed: list[dict[str, Any]] = parse_json(machine, lists[-1] if lists else "", JLIST)
    return listed


def _facts(machine: Machine, part: str, service: Service, mine: list[dict[str, Any]], seen_with: str) -> ServiceFacts:
    told = [one["pm2_env"] for one in mine]
    states = [str(one["status"]) for one in told]
    online = states.count("online")
    pids = [int(one["pid"]) for one in mine if one.get("pid")]
    return ServiceFacts(
        part=part,
        name=service.name,
        manager="pm2",
        state=_state(states),
        is_there=True,
        is_running=online == len(states),
        since=datetime.fromtimestamp(min(one["pm_uptime"] for one in told) / 1000, UTC) if online else None,
        # PM2's restart_time also counts `pm2 restart`; this is crashes alone, forgotten when it gives up (errored)
        restarts=sum(one.get("unstable_restarts", 0) for one in told),
        version=str(told[0].get("version", "")).replace("N/A", ""),
        pid=pids[0] if pids else None,
        siblings=tuple(pids[1:]),
        # PM2 tells that of its own children alone: of "npm start" that is npm, and not the server
        memory_bytes=memory_of(machine, *pids) or sum(one.get("monit", {}).get("memory", 0) for one in mine) or None,
        instances=len(mine),
        seen_with=seen_with,
    )


def _state(states: list[str]) -> str:
    if len(set(states)) == 1:
        return states[0]
    return ", ".join(f"{states.count(state)} of {len(states)} {state}" for state in sorted(set(states)))
