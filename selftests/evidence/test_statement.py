"""The statement is an in-toto Statement v1 with a test result v0.1 by the published schema; no GO too many."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Published

from releasegate.core import Verdict
from releasegate.evidence import Chain, Kind, read
from releasegate.evidence.statement import describe, write_statement

TestResult.__test__ = False  # a message of the schema, no tests
COMMIT = "c0dd0bcbd381006d3ef53b70ad3d4b0ca18fada5"


def run(folder, verdict: str, gate: str = "backup", **start) -> None:
    with Chain.open(folder) as chain:
        chain.append(Kind.PLAN, gate, f"{gate}/c")
        chain.append(Kind.START, gate, commits={"backend commit": COMMIT, "frontend commit": "build 9"}, **start)
        chain.append(Kind.VERDICT, gate, f"{gate}/c", verdict=verdict)
        chain.append(Kind.END, gate, verdict=verdict)


def statement(folder):
    return json.loads((folder.root / "statement.json").read_text("utf-8"))


@pytest.mark.parametrize("verdict", Verdict)
def test_it_is_valid_by_the_published_schema(folder, verdict):
    """Statement and predicate parse into the published messages, without a field that these do not know."""
    run(folder, verdict)
    write_statement(folder)
    content = statement(folder)
    published = ParseDict(content, Published())  # an unknown field, or another type, raises
    Statement.copy_from_pb(published).validate()
    result = ParseDict(content["predicate"], TestResult())
    assert content["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert result.result in ("PASSED", "WARNED", "FAILED")
    assert all(each.name and (each.digest or each.content) for each in result.configuration)


def test_the_schema_refuses_another_field(folder):
    """The validation above can fail."""
    run(folder, "PASS")
    write_statement(folder)
    with pytest.raises(Exception, match="no field named"):
        ParseDict(statement(folder) | {"subjects": []}, Published())
    with pytest.raises(Exception, match="no field named"):
        ParseDict(statement(folder)["predicate"] | {"verdict": "GO"}, TestResult())


@pytest.mark.parametrize(
    ("verdict", "result", "listed"),
    [
        ("PASS", "PASSED", "passedTests"),
        ("N/A", "PASSED", None),
        ("WARN", "WARNED", "warnedTests"),
        ("FAIL", "FAILED", "failedTests"),
        ("ERROR", "FAILED", "failedTests"),
        ("INCONCLUSIVE", "FAILED", "failedTests"),
        ("NOT_RUN", "FAILED", "failedTests"),
        ("BLOCKED", "FAILED", "failedTests"),
    ],
)
def test_a_verdict_is_a_result(folder, verdict, result, listed):
    """Whatever could not tell has failed; what was not applicable was no test."""
    run(folder, verdict)
    write_statement(folder)
    predicate = statement(folder)["predicate"]
    assert predicate["result"] == result
    tests = {key for key in ("passedTests", "warnedTests", "failedTests") if predicate[key] == ["backup/c"]}
    assert tests == ({listed} if listed else set())


def test_a_waived_finding_is_a_warning(folder):
    """Somebody took it on themselves: not passed, not failed."""
    run(folder, "FAIL")
    with Chain.open(folder) as chain:
        chain.append(Kind.WAIVER, "backup", "backup/c", by="Rui", reason="known", until="2999-01-01")
    assert describe(read(folder), b"")["predicate"]["result"] == "WARNED"


def test_its_subjects_are_the_commits_deployed_and_the_manifest(folder):
    """Whole commit hashes, each once; the name of a build is configuration."""
    run(folder, "PASS")
    run(folder, "PASS", gate="backend")
    write_statement(folder)
    content = statement(folder)
    assert [each["name"] for each in content["subject"]] == ["backend commit", "manifest.json"]
    assert content["subject"][0]["digest"] == {"gitCommit": COMMIT}
    assert [each["name"] for each in content["predicate"]["configuration"]] == ["builds"]


def test_an_interrupted_gate_or_none_has_failed(folder):
    """A gate that was begun and never closed decides."""
    assert describe(read(folder), b"")["predicate"]["result"] == "FAILED"
    run(folder, "PASS")
    with Chain.open(folder) as chain:
        chain.append(Kind.START, "backend")
    assert describe(read(folder), b"")["predicate"]["result"] == "FAILED"


def test_the_signature_of_an_earlier_statement_goes_with_it(folder):
    """A statement that changed is not signed; one that was written again as it was still is."""
    run(folder, "PASS")
    write_statement(folder)
    folder.signature.write_text("signed")
    write_statement(folder)
    assert folder.signature.exists()
    run(folder, "FAIL")
    write_statement(folder)
    assert not folder.signature.exists()
