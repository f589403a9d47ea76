"""One gate run as the command line describes it: which gates, on which deployment, for which change."""

from __future__ import annotations

import re
import time
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure, UsageError
from releasegate.core.gate import Gate
from releasegate.core.settings import choose
from releasegate.evidence.folder import Folder
from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.plugin.seeds import require_seed
from releasegate.plugin.subject import Subject, load_subject

RUN: pytest.StashKey[Run] = pytest.StashKey()
_NAMES = re.compile(r"\s*\w+(?:\s+or\s+\w+)*\s*")


@dataclass(slots=True, kw_only=True)
class Run:
    """What one process was asked to do. `path` is this run's own output folder; `began` in seconds since the epoch."""

    options: Namespace
    subject: Subject
    gates: tuple[Gate, ...]
    folder: Folder
    path: Path
    is_worker: bool
    began: float = field(default_factory=time.time)
    warnings: list[str] = field(default_factory=list)

    @property
    def has_workers(self) -> bool:
        """Whether the tests run in worker processes (`-n`)."""
        return bool(getattr(self.options, "numprocesses", None))

    @property
    def alone(self) -> bool:
        """Whether the gate is judged without the gates before it."""
        return bool(self.options.alone)


def load_run(config: pytest.Config, project: Path) -> Run | None:
    """Return the run that `config` asks for, None when it names no gate.

    Raises UsageError, before anything is touched, when the target is missing or a file cannot be understood.
    """
    gates = named_gates(config.option.markexpr)
    target = config.option.target
    if not gates:
        if target and not config.option.help:
            raise UsageError(f"--target {target}: which gate? Give one with -m: {', '.join(BY_MARKER)}")
        return None
    if not target:
        raise UsageError(f"--target: no deployment was named for gate {gates[0].marker}; give --target FILE")
    _require_neighbours(gates)
    _require_one_per_worker_pool(gates, config)
    _require_kind(gates, config)
    _require_key(config.option.sign)
    subject = load_subject(Path(target), _path(config.option.change), project)
    if config.option.seed_samples:
        require_seed(subject, tuple(gate.marker for gate in gates))
    return _run(config, subject, gates, project)


def named_gates(expression: str) -> tuple[Gate, ...]:
    """Return the gates that `-m` names, in the runbook's order; () when it names anything else.

    Raises UsageError when gates are mixed with other markers, so that none is left out unseen.
    """
    words = [word for word in re.findall(r"\w+", expression) if word not in ("or", "and", "not")]
    if not any(word in BY_MARKER for word in words):
        return ()
    unknown = [word for word in words if word not in BY_MARKER]
    if unknown or not _NAMES.fullmatch(expression):
        raise UsageError(f"-m {expression!r}: name one gate, or neighbours joined by 'or': {', '.join(BY_MARKER)}")
    return tuple(gate for gate in GATES if gate.marker in words)


def _require_neighbours(gates: tuple[Gate, ...]) -> None:
    places = [GATES.index(gate) for gate in gates]
    if places != list(range(places[0], places[0] + len(places))):
        raise UsageError(
            f"-m: {' and '.join(gate.marker for gate in gates)} are no neighbours; in order: {', '.join(BY_MARKER)}"
        )


def _require_one_per_worker_pool(gates: tuple[Gate, ...], config: pytest.Config) -> None:
    if not getattr(config.option, "numprocesses", None):
        return
    if len(gates) > 1:
        raise UsageError(f"-n: exactly one gate can run in parallel; {len(gates)} were named")
    if gates[0].marker == "perf":
        raise UsageError("-n: gate perf measures latency, and parallel tests would load the machine; run it without -n")


def _require_kind(gates: tuple[Gate, ...], config: pytest.Config) -> None:
    if any(gate.marker == "rollback" for gate in gates) and not config.option.kind:
        raise UsageError("--kind: which way back was taken? Give --kind code, data or restore")


def _require_key(key: str | None) -> None:
    if key and not Path(key).is_file():
        raise UsageError(f"--sign: {key} is no file; give an ssh key, or the .pub of one that the agent holds")


def _run(config: pytest.Config, subject: Subject, gates: tuple[Gate, ...], project: Path) -> Run:
    reports = choose("reports", default=project / "reports", parse=Path, option=_path(config.option.reports)).value
    folder = Folder.of(reports, subject.change.id, subject.target.name)
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        path = Path(workerinput["releasegate_run"])
    elif config.option.collectonly:
        path = folder.runs / "collect-only"
    else:
        path = _new_run(folder, "+".join(gate.marker for gate in gates))
    return Run(
        options=config.option,
        subject=subject,
        gates=gates,
        folder=folder,
        path=path,
        is_worker=workerinput is not None,
        began=float((workerinput or {}).get("releasegate_began", time.time())),
    )


def _new_run(folder: Folder, name: str) -> Path:
    try:
        return folder.new_run(name)
    except CannotMeasure as error:
        raise UsageError(f"--reports: {error}; give another --reports DIR") from error


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
