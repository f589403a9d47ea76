"""How a gate begins: what it is bound to, what blocks it, which manual items are still open, and who runs it."""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from releasegate.change.models import Change
from releasegate.core.gate import Bond, Gate
from releasegate.core.settings import from_environment
from releasegate.evidence.chain import Chain
from releasegate.evidence.checkpoints import blockers, checkpoints
from releasegate.evidence.events import Kind
from releasegate.evidence.history import History
from releasegate.plugin.after import Demand, demand
from releasegate.plugin.bonds import Seen, look
from releasegate.plugin.plan import PlannedCheck
from releasegate.plugin.record import GateRecord, OpenItem
from releasegate.plugin.run import Run

_PACKAGES = ("releasegate", "pytest", "psycopg", "httpx", "playwright", "locust")


def open_gate(
    run: Run, history: History, gate: Gate, plan: tuple[PlannedCheck, ...]
) -> tuple[GateRecord, dict[str, Any]]:
    """Return the record of a gate that begins now, and what its start event says about this run."""
    seen = look(run.subject)
    stands = checkpoints(history, run.subject.gates, now=datetime.now(UTC), seen=seen.bonds)
    demanded = Demand() if run.alone else demand(run.subject, run.folder, gate, seen)
    record = GateRecord(
        gate=gate,
        plan=plan,
        blocked_by=() if run.alone else (*blockers(gate, stands), *demanded.missing),
        open_items=open_items(run.subject.change, history, gate.marker),
        alone=run.alone,
    )
    return record, _about(run, seen) | ({"after": demanded.found} if demanded.found else {})


def open_items(change: Change, history: History, marker: str) -> tuple[OpenItem, ...]:
    """Return the required manual items of a gate that nobody has attested."""
    return tuple(
        OpenItem(item.id, item.text.en)
        for item in change.checklist
        if item.gate == marker and item.manual and item.required and history.attested(item.id) is None
    )


def attest_in_bulk(run: Run, chain: Chain, history: History, marker: str) -> None:
    """Record what the target's policy has a pipeline attest: each item that nobody has attested, by its name."""
    by = run.subject.target.policy.pipeline
    for item in open_items(run.subject.change, history, marker) if by else ():
        chain.append(Kind.ATTEST, marker, item=item.id, by=by, note="[policy] manual", typed_by=who())


def tell_workers(path: Path, record: GateRecord) -> None:
    """Leave word for worker processes of what blocks the gate."""
    blocked_path(path, record.gate.marker).write_text(json.dumps(record.blocked_by), encoding="utf-8")


def blocked_by(path: Path, marker: str) -> tuple[str, ...]:
    """Return what blocks the gate, as its controller found it."""
    return tuple(json.loads(blocked_path(path, marker).read_text(encoding="utf-8")))


def forget_workers(path: Path) -> None:
    """Remove the word that was left for worker processes: it is no evidence."""
    for left in path.glob("blocked-*.json"):
        left.unlink()


def blocked_path(path: Path, marker: str) -> Path:
    """Return where the word for the workers lies."""
    return path / f"blocked-{marker}.json"


def _about(run: Run, seen: Seen) -> dict[str, Any]:
    subject = run.subject
    return {
        "run": run.path.name,
        "rollback": run.options.kind or "",
        "who": who(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "versions": _versions(),
        "target": {"name": subject.target.name, "path": str(subject.target_path)},
        "change": {"id": subject.change.id, "path": str(subject.change_path), "sha256": subject.change_sha256},
        "bonds": seen.bonds,
        "bonds_unseen": seen.unseen,
        "commits": {name: value for name, value in seen.bonds.items() if name.endswith("commit")},
        "written": seen.written,
        "fingerprint": seen.bonds.get(Bond.SERVER, ""),
        "deviations": [str(deviation) for deviation in subject.deviations],
    }


def who() -> str:
    """Return the name of the person at the keyboard, as far as the machine knows it."""
    try:
        return from_environment("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a uid without a passwd entry
        return f"uid {os.getuid()}"


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}}
