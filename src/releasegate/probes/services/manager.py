"""What the managers have in common."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from releasegate.core import CannotMeasure
from releasegate.core.facts.services import ServiceFacts
from releasegate.probes.host import Machine, Ran
from releasegate.target.models import Service

LookUp = Callable[[Machine, str, Service], ServiceFacts]

_FAMILIES: Final = ("ps", "-e", "-o", "pid=,ppid=,rss=")
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")


def cannot_ask(machine: Machine, argv: Sequence[str], ran: Ran, troubles: dict[str, str]) -> CannotMeasure:
    """Return why a manager did not answer: it is missing, or the first of `troubles` (pattern -> meaning) that fits."""
    if ran.is_missing:
        meaning = f"there is no {argv[0]} here for {machine.identity.user} (its PATH over ssh may be shorter)"
    else:
        said = ran.stderr + ran.stdout
        meaning = next((words for pattern, words in troubles.items() if re.search(pattern, said)), "")
        meaning = f"{meaning} ({ran.complaint})" if meaning else ran.complaint
    return CannotMeasure(f"{machine.address}: {meaning}", run=machine.by_hand(argv))


def not_there(part: str, service: Service, manager: str, names: Iterable[str], seen_with: str) -> ServiceFacts:
    """Return the facts about a service that its manager does not know, with the three nearest names it does."""
    known = sorted(set(names))
    nearest = difflib.get_close_matches(service.name, known, n=3, cutoff=0.4) or known[:3]
    return ServiceFacts(
        part=part, name=service.name, manager=manager, state="not there", is_there=False, is_running=False,
        nearest=tuple(nearest), seen_with=seen_with,
    )  # fmt: skip


def parse_json(machine: Machine, text: str, argv: Sequence[str]) -> Any:
    """Return `text` as JSON. Raises CannotMeasure when it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise CannotMeasure(f"{machine.address}: {argv[0]} printed no JSON", run=machine.by_hand(argv)) from error


def parse_utc(text: str) -> datetime | None:
    """Return an RFC 3339 moment in UTC; None for Docker's zero time and for anything before computers had it right."""
    try:
        moment = datetime.fromisoformat(_NANOSECONDS.sub(r"\1", text.strip()))
    except ValueError:
        return None
    # reproducible builds stamp their images 1970 or 1980, and Docker writes year 1 for "never"
    return moment.astimezone(UTC) if moment.year > 2000 else None


def memory_of(machine: Machine, *pids: int) -> int | None:
    """Return the resident memory in bytes of processes and of all that come from them; None when they are gone.

    A server of several processes (gunicorn, Puma, npm start) does its work in its children, and these are what grows.
    What they share is counted once for each.
    """
    lines = [line.split() for line in machine.run(_FAMILIES).stdout.splitlines()]
    told = {int(line[0]): (int(line[1]), int(line[2])) for line in lines if len(line) == 3}
    parents = {pid: parent for pid, (parent, _) in told.items()}
    family = {one for pid in pids for one in descendants(pid, parents) if one in told}
    return sum(told[pid][1] for pid in family) * 1024 if family.intersection(pids) else None


def descendants(pid: int, parents: Mapping[int, int]) -> set[int]:
    """Return a process and all that come from it."""
    below, layer = {pid}, {pid}
    while layer:
        layer = {child for child, parent in parents.items() if parent in layer} - below
        below |= layer
    return below
