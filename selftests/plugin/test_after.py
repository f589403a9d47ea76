"""`[policy] after`: no gate begins here before the same commits have a verified GO there."""

from __future__ import annotations

import subprocess

import pytest

from releasegate.core import ExitCode
from releasegate.core.gate import Bond
from releasegate.evidence import Chain, Folder, Kind
from releasegate.evidence.statement import write_statement
from releasegate.plugin.after import demand
from releasegate.plugin.bonds import Seen
from releasegate.plugin.gates import BY_MARKER, GATES
from releasegate.plugin.subject import load_subject

HOLDS = "@pytest.mark.check('preflight/a')\ndef test_a(require): require(holds())\n"
FORWARD = [gate.marker for gate in GATES if gate.marker not in ("rollback", "monitoring", "followup")]


@pytest.fixture
def repository(tmp_path):
    """Return a checkout one commit behind its origin, and the two commits."""
    origin, checkout = tmp_path / "origin", tmp_path / "checkout"

    def git(*arguments, where=origin):
        command = ["git", "-C", str(where), "-c", "user.name=Ana", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    origin.mkdir()
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "old")
    git("clone", "-q", str(origin), str(checkout), where=tmp_path)
    old = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "new")
    return checkout, old, git("rev-parse", "HEAD")


@pytest.fixture
def policy(gates, repository):
    """Return the project's target as production, which comes after staging."""
    text = 'name = "production"\n[host]\naddress = "local"\n[paths]\nbackend = "{}"\n[policy]\nafter = "staging"\n'
    gates.target.write_text(text.format(repository[0]), "utf-8")
    return gates


def staging(
    gates, commit: str, verdict: str = "PASS", *, until: str = "perf", change: str = "", frontend: str = ""
) -> Folder:  # fmt: skip
    """Write the evidence of a release on staging, up to a gate."""
    folder = Folder.of(gates.folder / "reports", "change-1", "staging")
    ours = load_subject(gates.target, gates.change, gates.folder).change_sha256
    bonds = {Bond.CHANGE: change or ours, Bond.BACKEND: commit}
    bonds |= {Bond.FRONTEND: frontend} if frontend else {}
    with Chain.open(folder) as chain:
        for gate in FORWARD[: FORWARD.index(until) + 1]:
            chain.append(Kind.PLAN, gate, f"{gate}/c")
            chain.append(Kind.START, gate, bonds=bonds)
            said = verdict if gate == until else "PASS"
            chain.append(Kind.VERDICT, gate, f"{gate}/c", verdict=said)
            chain.append(Kind.END, gate, verdict=said)
    write_statement(folder)
    return folder


def demanded(gates, gate: str = "preflight", backend: str = ""):
    subject = load_subject(gates.target, gates.change, gates.folder)
    here = Folder.of(gates.folder / "reports", "change-1", "production")
    return demand(subject, here, BY_MARKER[gate], Seen({Bond.BACKEND: backend}, {}))


def missing(gates, gate: str = "preflight", backend: str = "") -> tuple[str, ...]:
    return demanded(gates, gate, backend).missing


def found(gates):
    return demanded(gates).found


def test_a_verified_go_of_the_same_commits_lets_it_begin(policy, repository):
    """Before the step by what pulling would bring, after it by what is checked out."""
    _, old, new = repository
    staging(policy, new)
    assert missing(policy) == ()
    assert missing(policy, "backend", new) == ()
    (other,) = missing(policy, "backend", old)
    assert other == f"[policy] after: the backend commit is {old[:12]} here, and staging has a GO for {new[:12]}"


def test_other_commits_there_close_the_first_gate_here(policy, repository):
    """Staging saw something else than what pulling would bring."""
    _, old, new = repository
    staging(policy, old)
    assert missing(policy) == (
        f"[policy] after: the backend commit is {new[:12]} here, and staging has a GO for {old[:12]}",
    )


PAGES = '[frontend]\nurl = "http://127.0.0.1:1"\n'


def test_a_part_that_cannot_be_compared_stops_it(policy, repository):
    """It has pages and no checkout of them: "the same commits" is not known, and that is said with the way out."""
    staging(policy, repository[2])
    policy.target.write_text(policy.target.read_text("utf-8") + PAGES, "utf-8")
    (sentence,) = missing(policy)
    assert sentence == (
        f"[policy] after: the frontend commit cannot be compared: {policy.target} has no [paths] frontend; give it, or "
        'name the parts that are compared: [policy] after_parts = ["backend"], ["frontend"] or []'
    )


def test_a_part_that_the_policy_leaves_out_is_not_compared(policy, repository):
    """By name, so that the evidence can say what was."""
    staging(policy, repository[2])
    text = policy.target.read_text("utf-8")
    policy.target.write_text(f'{text}after_parts = ["backend"]\n{PAGES}', "utf-8")
    assert missing(policy) == ()
    assert found(policy)["compared"] == ("backend",)
    policy.target.write_text(f"{text}after_parts = []\n{PAGES}", "utf-8")
    staging(policy, repository[1])
    assert missing(policy) == ()


def test_a_part_that_only_the_other_evidence_has_is_missed_here(policy, repository):
    """Its checkout was forgotten in this target file."""
    staging(policy, repository[2], frontend=repository[1])
    (sentence,) = missing(policy)
    assert "the frontend commit cannot be compared" in sentence


def test_one_repository_is_compared_once(policy, repository):
    """Backend and frontend in one checkout: its commit stands as the backend's, there and here."""
    checkout = repository[0]
    (checkout / "web").mkdir()
    paths = f'[paths]\nbackend = "{checkout}"\nfrontend = "{checkout}/web"\n'
    text = policy.target.read_text("utf-8").replace(f'[paths]\nbackend = "{checkout}"\n', paths)
    policy.target.write_text(text + PAGES, "utf-8")
    staging(policy, repository[2])
    assert missing(policy) == ()
    staging(policy, repository[1])
    (sentence,) = missing(policy)
    assert "the backend commit is" in sentence


def test_no_evidence_is_no_go(policy):
    """The folder that was looked for is named."""
    folder = policy.folder / "reports" / "change-1" / "staging"
    assert missing(policy) == (f"[policy] after: staging has no evidence in {folder}",)


@pytest.mark.parametrize("verdict", ["FAIL", "ERROR", "INCONCLUSIVE"])
def test_a_release_that_did_not_go_well_there_stops_here(policy, repository, verdict):
    """The first gate that is not open there is named, with why."""
    staging(policy, repository[2], verdict, until="smoke")
    assert missing(policy) == (f"[policy] after: staging is no GO: smoke: its last run says {verdict}",)


def test_a_release_that_is_not_through_there_stops_here(policy, repository):
    """The gates up to perf must have been run."""
    staging(policy, repository[2], until="frontend")
    assert missing(policy) == ("[policy] after: staging is no GO: smoke: it has not been run",)


def test_evidence_that_was_touched_is_no_go(policy, repository):
    """It is verified first."""
    folder = staging(policy, repository[2], "FAIL")
    folder.events.write_bytes(folder.events.read_bytes().replace(b"FAIL", b"PASS"))
    (sentence,) = missing(policy)
    assert sentence.startswith("[policy] after: the evidence of staging does not hold: events.jsonl line")


def test_another_change_file_there_is_another_release(policy, repository):
    """What was promised must be the same."""
    staging(policy, repository[2], change="5d" * 32)
    (sentence,) = missing(policy)
    assert "staging was judged by another change file (sha256 5d5d5d5d5d5d, here " in sentence


def test_a_remote_that_does_not_answer_stops_it(policy, repository):
    """What would be pulled is not known: the gate is blocked, not waved through."""
    staging(policy, repository[2])
    (policy.folder / "origin").rename(policy.folder / "gone")
    (sentence,) = missing(policy)
    assert sentence.startswith("[policy] after: staging: ")


def test_the_way_back_waits_for_nobody(policy):
    """A rollback is judged whatever staging says."""
    assert missing(policy, "rollback") == ()


def test_a_gate_that_waits_for_staging_is_blocked_and_status_says_why(policy, repository, gate):
    """Exit 7 and the reason as the last sentence; once staging is through, the gate runs and records what it saw."""
    policy.gate("preflight", HOLDS)
    ran = policy.run("-m", "preflight")
    assert ran.code == ExitCode.BLOCKED, ran.output
    assert "[policy] after: staging has no evidence" in ran.last
    files = ["--target", str(policy.target), "--change", str(policy.change)]
    status = gate("status", *files, "--reports", str(policy.folder / "reports"))
    assert "[policy] after: staging has no evidence" in status.output
    there = staging(policy, repository[2])
    ran = policy.run("-m", "preflight")
    assert ran.code == ExitCode.GO, ran.output
    chain = Folder.of(policy.folder / "reports", "change-1", "production").events.read_text("utf-8")
    assert f'"after":{{"compared":["backend"],"folder":"{there.root}"' in chain
