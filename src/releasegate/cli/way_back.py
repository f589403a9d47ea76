"""The commands of the emergency way back, as far as the target and the evidence know them: to be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from releasegate.core.gate import Bond
from releasegate.core.settings import command_name
from releasegate.evidence.history import History
from releasegate.plugin.subject import Subject
from releasegate.target.models import Services

_RESTART = {"docker": "docker restart {}", "pm2": "pm2 restart {}", "systemd": "sudo systemctl restart {}"}
_BOND = {"backend": Bond.BACKEND, "frontend": Bond.FRONTEND}


def commands(subject: Subject, history: History) -> Iterator[str]:
    """Yield the commands in the order of the release document: code, build, restart, data; then the gate that judges.

    The commits are those that the first gates saw. What nobody here knows (how it is built) is a comment.
    """
    paths, services = subject.target.paths, subject.target.services
    for part, bond in _BOND.items():
        where = getattr(paths, part)
        if where is None:
            continue
        commit = _commit_before(history, bond) or "COMMIT_BEFORE_THE_RELEASE"
        yield f"git -C {shlex.quote(where)} checkout {commit}   # then build it as the release document says"
    if services is not None:
        yield from _restarts(services)
    for statement in subject.change.rollback:
        if statement.kind == "data":
            query = shlex.quote(" ".join(statement.sql.split()))
            yield f"psql -c {query}   # only to undo the data, {statement.source}"
    yield f"{command_name()} run rollback --kind code --target {shlex.quote(str(subject.target_path))}"


def _commit_before(history: History, bond: Bond) -> str:
    seen = (attempt.bonds.get(bond.value, "") for attempt in history.attempts("preflight"))
    return next((commit for commit in seen if commit), "")


def _restarts(services: Services) -> Iterator[str]:
    for part in ("backend", "frontend"):
        service = getattr(services, part)
        if service is None:
            continue
        known = _RESTART.get(services.manager)
        yield known.format(shlex.quote(service.name)) if known else f"# restart {service.name} as you started it"
