"""The folder's verdict as an in-toto statement, for machines that ask whether a commit was tested.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and .../spec/predicates/test-result.md
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from releasegate.core import Verdict
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.chain import read
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.evidence.manifest import write_manifest
from releasegate.evidence.writing import as_json, replace_file, writing

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
_GIT_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WARNED = (Verdict.WARN, Verdict.WAIVED)


def write_statement(folder: Folder) -> dict[str, Any]:
    """Write the manifest and, over it, statement.json; return the statement. Raises CannotMeasure.

    The signature of an earlier statement goes with it: it would be one of something else.
    """
    write_manifest(folder)
    content = describe(read(folder), folder.manifest.read_bytes())
    data = as_json(content)
    if not _is(folder.statement, data):
        with writing(folder.signature):
            folder.signature.unlink(missing_ok=True)
        replace_file(folder.statement, data)
    return content


def _is(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def describe(history: History, manifest: bytes) -> dict[str, Any]:
    """Return the statement about the commits in `history` and the files in `manifest`.

    The result is over the latest closed attempt of every gate that was begun, as of the last event: FAILED when
    any of them does not open (an interrupted one, or none at all), WARNED when something was waived or warned of.
    """
    return {
        "_type": TYPE,
        "subject": [*_commits(history), {"name": "manifest.json", "digest": {"sha256": sha256(manifest).hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {"result": _result(history), "configuration": _configuration(history), **_tests(history)},
    }


def latest(history: History) -> tuple[Attempt, ...]:
    """Return the attempt that counts for each gate: the latest that ended and was not judged alone."""
    found = (history.latest_closed(gate) for gate in history.gates)
    return tuple(attempt for attempt in found if attempt)


def _result(history: History) -> str:
    attempts = latest(history)
    verdicts = [attempt.verdict_at(history.as_of) for attempt in attempts]
    if len(attempts) < len(history.gates) or not verdicts or not all(verdict.opens for verdict in verdicts):
        return "FAILED"
    return "WARNED" if any(verdict in _WARNED for verdict in verdicts) else "PASSED"


def _tests(history: History) -> dict[str, list[str]]:
    """Return check ids by outcome; what was not applicable was no test, and whatever could not tell has failed."""
    tests: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for attempt in latest(history):
        for check in attempt.checks:
            result = attempt.results.get(check)
            verdict = result.verdict_at(history.as_of) if result else attempt.check_verdict(check)
            if verdict is not Verdict.NOT_APPLICABLE:
                passed = "passedTests" if verdict is Verdict.PASS else "failedTests"
                tests["warnedTests" if verdict in _WARNED else passed].append(check)
    return tests


def _starts(history: History, key: str) -> Iterator[dict[str, Any]]:
    for attempt in latest(history):
        value = attempt.start.get(key)
        if isinstance(value, dict):
            yield value


def _commits(history: History) -> list[dict[str, Any]]:
    """Return every whole commit hash that a gate saw; names of builds stand in the configuration."""
    seen = {(str(name), str(value)) for commits in _starts(history, "commits") for name, value in commits.items()}
    return [
        {"name": name, "digest": {"gitCommit": value}} for name, value in sorted(seen) if _GIT_COMMIT.fullmatch(value)
    ]


def _configuration(history: History) -> list[dict[str, Any]]:
    changes = {(str(change.get("path", "")), str(change.get("sha256", ""))) for change in _starts(history, "change")}
    versions = {f"{name} {value}" for each in _starts(history, "versions") for name, value in each.items()}
    builds = {f"{name} {value}" for each in _starts(history, "commits") for name, value in each.items()}
    found: list[dict[str, Any]] = [{"name": path, "digest": {"sha256": digest}} for path, digest in sorted(changes)]
    for name, values in (("versions", versions), ("builds", builds)):
        if values:
            found.append({"name": name, "content": b64encode("\n".join(sorted(values)).encode()).decode()})
    return found
