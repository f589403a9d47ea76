"""A folder that anybody touched is found out, and what cannot be found out is said."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure, UsageError
from releasegate.evidence import Chain, Folder, Kind, manifest, read
from releasegate.evidence.anchor import Anchor, parse_anchor, ticket_line
from releasegate.evidence.looked import Line
from releasegate.evidence.signature import sign_statement
from releasegate.evidence.statement import write_statement
from releasegate.evidence.verify import verify

NO_ANCHOR = (
    "no anchor given: somebody who can write this folder could have replaced all of it; "
    "give the line from the change ticket with --anchor"
)


def wrong(folder: Folder, anchor: str | None = None) -> list[str]:
    return [line.text for line in verify(folder.root, anchor).lines if line.ok is False]


def test_an_untouched_folder_holds_and_the_rest_is_named(closed_folder):
    """Everything is verified but who wrote it and whether all of it was replaced."""
    verification = verify(closed_folder.root, None)
    assert verification.holds
    assert [line.text for line in verification.lines if line.ok is None] == [
        "not signed: the folder does not show who made it",
        NO_ANCHOR,
    ]
    assert sum(line.ok is True for line in verification.lines) == 6


def test_an_empty_folder_proves_nothing(folder):
    """No chain, no manifest: nothing holds."""
    assert not verify(folder.root, None).holds


def test_every_changed_field_of_every_event_is_found(closed_folder):
    """No single value of an event can be changed without a line that does not hold."""
    lines = closed_folder.events.read_bytes().splitlines()
    for number, line in enumerate(lines):
        for field, other in {"seq": 99, "time": "2020-01-01T00:00:00.000Z", "gate": "x", "check": "x/y", "kind": "gap",
                             "payload": {"verdict": "PASS"}, "prev": "f" * 64}.items():  # fmt: skip
            event = json.loads(line) | {field: other}
            edited = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            _assert_found(closed_folder, [*lines[:number], edited, *lines[number + 1 :]], f"{field} of {number + 1}")


def test_every_deleted_repeated_and_swapped_line_is_found(closed_folder):
    """No line can be taken out, doubled or moved, and no tail cut off."""
    lines = closed_folder.events.read_bytes().splitlines()
    for number in range(len(lines)):
        _assert_found(closed_folder, lines[:number] + lines[number + 1 :], f"deleted {number + 1}")
        _assert_found(closed_folder, lines[: number + 1] + lines[number:], f"repeated {number + 1}")
        _assert_found(closed_folder, lines[:number], f"truncated to {number}")
        if number:
            swapped = [*lines[: number - 1], lines[number], lines[number - 1], *lines[number + 1 :]]
            _assert_found(closed_folder, swapped, f"swapped {number}")


def test_the_same_data_in_another_spelling_is_found(closed_folder):
    """A space that JSON does not care about is a change all the same."""
    lines = closed_folder.events.read_bytes().splitlines()
    _assert_found(closed_folder, [lines[0].replace(b":", b": ", 1), *lines[1:]], "a space")


def _assert_found(folder: Folder, lines: list[bytes], what: str) -> None:
    original = folder.events.read_bytes()
    folder.events.write_bytes(b"".join(line + b"\n" for line in lines))
    found = wrong(folder)
    folder.events.write_bytes(original)
    assert found, what


@pytest.mark.parametrize("change", ["edit", "delete", "rename"])
def test_a_touched_blob_is_found(closed_folder, change):
    """Blobs are named by their content, listed in the manifest, and named by events."""
    blob = next(closed_folder.blobs.iterdir())
    if change == "edit":
        blob.write_bytes(b"something else")
    elif change == "delete":
        blob.unlink()
    else:
        blob.rename(blob.with_name(f"{'0' * 64}.txt"))
    assert any(blob.name in text for text in wrong(closed_folder))


@pytest.mark.parametrize("name", ["manifest.json", "statement.json"])
def test_every_changed_value_of_a_derived_file_is_found(closed_folder, name):
    """No leaf of the manifest or of the statement can be changed or taken out."""
    path = closed_folder.root / name
    original = path.read_bytes()
    for place in _leaves(json.loads(original)):
        content = json.loads(original)
        holder = content
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = "changed"
        path.write_text(json.dumps(content))
        assert wrong(closed_folder), place
    path.write_bytes(original)


def _leaves(value, place=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _leaves(item, (*place, key))
    if not isinstance(value, dict | list):
        yield place


@pytest.mark.parametrize("name", ["manifest.json", "statement.json"])
def test_the_same_in_another_spelling_is_found_in_a_derived_file(closed_folder, name):
    """`false` and `0.0` for 0, a key that nobody wrote, a key twice, a space: to Python all of them are equal."""
    path = closed_folder.root / name
    original = path.read_text("utf-8")
    numbers = [place for place in _leaves(json.loads(original)) if isinstance(_at(json.loads(original), place), int)]
    assert bool(numbers) == (name == "manifest.json")
    harms = [_with(original, place, float(_at(json.loads(original), place))) for place in numbers]
    harms += [_with(original, place, False) for place in numbers if _at(json.loads(original), place) == 0]
    harms += [original.replace("{", '{"approved": true,', 1), original + " ", original.replace(": ", ":", 1)]
    first_key = next(iter(json.loads(original)))
    harms.append(original.replace("{", f'{{"{first_key}": 0,', 1))
    for harm in harms:
        path.write_text(harm, "utf-8")
        assert wrong(closed_folder), harm
    path.write_text(original, "utf-8")
    assert not wrong(closed_folder)


def _at(content, place):
    for key in place:
        content = content[key]
    return content


def _with(text: str, place, value) -> str:
    content = json.loads(text)
    _at(content, place[:-1])[place[-1]] = value
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def test_a_lock_that_is_taken_later_is_no_harm(closed_folder):
    """Locks are not evidence: whoever begins to write, or to watch, changes them."""
    (closed_folder.root / ".watch.lock").write_text("pid 1")
    write_statement(closed_folder)
    (closed_folder.root / ".watch.lock").write_text("pid 2")
    assert not wrong(closed_folder)


def test_a_lock_that_an_earlier_manifest_lists_is_no_harm(closed_folder, monkeypatch):
    """Folders were written in which the watch's lock was a file like others."""
    (closed_folder.root / ".watch.lock").write_text("pid 1")
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "is_lock", lambda folder, path: path == folder.lock)
        write_statement(closed_folder)
    (closed_folder.root / ".watch.lock").write_text("pid 2")
    assert not wrong(closed_folder)


def test_a_missing_manifest_is_wrong(closed_folder):
    """Without the manifest, missing files could not be seen."""
    closed_folder.manifest.unlink()
    assert any(text.startswith("manifest.json: is missing") for text in wrong(closed_folder))


def test_events_after_the_manifest_are_said_and_not_wrong(closed_folder):
    """Somebody who attests an item later does not break the evidence."""
    with Chain.open(closed_folder) as chain:
        chain.append(Kind.ATTEST, item="late", by="Ana")
    verification = verify(closed_folder.root, None)
    assert verification.holds
    texts = [line.text for line in verification.lines if line.ok is None]
    assert "1 events came after the manifest; only their chain was verified" in texts


def test_a_gate_that_was_never_closed_is_said(folder):
    """A run that was killed is listed as one that counts for nothing."""
    with Chain.open(folder) as chain:
        chain.append(Kind.PLAN, "backup", "backup/c")
        chain.append(Kind.START, "backup")
    texts = [line.text for line in verify(folder.root, None).lines if line.ok is None]
    assert "backup, run 1: was never closed; what it saw counts for nothing" in texts


def test_a_verdict_better_than_its_checks_is_found(folder):
    """An end that says PASS over a failed check does not add up, however well it is hashed."""
    with Chain.open(folder) as chain:
        chain.append(Kind.PLAN, "backup", "backup/c")
        chain.append(Kind.START, "backup")
        chain.append(Kind.VERDICT, "backup", "backup/c", verdict="FAIL")
        chain.append(Kind.END, "backup", verdict="PASS")
    assert "backup, run 1: its checks do not add up to the PASS at its end" in wrong(folder)


def test_a_planned_check_without_verdict_is_found(folder):
    """A closed gate has a verdict for each check it planned."""
    with Chain.open(folder) as chain:
        chain.append(Kind.PLAN, "backup", "backup/c")
        chain.append(Kind.START, "backup")
        chain.append(Kind.END, "backup", verdict="NOT_RUN")
    assert "backup, run 1: planned without a verdict: backup/c" in wrong(folder)


def test_the_ticket_line_finds_a_folder_that_was_written_anew(closed_folder, tmp_path):
    """A replaced folder verifies by itself, and not against the line in the ticket."""
    seq, digest = read(closed_folder).head
    anchor = ticket_line("FEAT-1", "staging", seq, digest, "WAIVED")
    assert wrong(closed_folder, anchor) == []
    forged = Folder(tmp_path / "forged")
    with Chain.open(forged) as chain:
        for event in read(closed_folder).events:
            chain.append(event.kind, event.gate, event.check, **event.payload)
    assert f"event {seq} is not the one that the ticket names" in wrong(forged, anchor)
    assert wrong(closed_folder, anchor.replace("WAIVED", "PASS")) == [
        f"the ticket says PASS, event {seq} says otherwise"
    ]


def test_a_ticket_line_is_read_back():
    """What is printed for the ticket is what --anchor accepts."""
    line = ticket_line("FEAT-1", "prod", 12, "a" * 64, "N/A")
    assert line == f"FEAT-1 · prod · 12 · {'a' * 64} · N/A"
    assert parse_anchor(f"  {line}\n") == Anchor(change="FEAT-1", target="prod", seq=12, digest="a" * 64, verdict="N/A")


def test_another_text_is_no_ticket_line(closed_folder):
    """A wrong anchor is a usage error that shows the shape."""
    with pytest.raises(UsageError, match="accepted: change · target · seq · hash · verdict"):
        verify(closed_folder.root, "hello")


NEEDS_SSH = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="signing needs OpenSSH's ssh-keygen")


@pytest.fixture
def key(tmp_path):
    """Return an Ed25519 key without a passphrase; its public part stands beside it."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture
def signers(tmp_path, key):
    """Return the file that says whose key it is."""
    path = tmp_path / "signers"
    path.write_text(f"ana {Path(f'{key}.pub').read_text()}")
    return path


def signature_line(folder: Folder, signers: Path | None = None):
    return next(line for line in verify(folder.root, None, allowed_signers=signers).lines if "sign" in line.text)


@NEEDS_SSH
def test_a_signature_names_its_signer_and_holds_for_this_statement_only(closed_folder, key, signers):
    """A signed statement verifies with the public key alone, and not once it was changed."""
    sign_statement(closed_folder, key)
    assert signature_line(closed_folder, signers) == Line(ok=True, text="the statement is signed by ana")
    closed_folder.statement.write_bytes(closed_folder.statement.read_bytes() + b" ")
    lines = verify(closed_folder.root, None, allowed_signers=signers).lines
    assert "the signature is not one of this statement" in [line.text for line in lines if line.ok is False]


@NEEDS_SSH
def test_a_signature_without_the_signers_is_checked_as_far_as_it_goes(closed_folder, key):
    """That it fits the statement is verified; whose key it is, is said not to be."""
    sign_statement(closed_folder, key)
    line = signature_line(closed_folder)
    assert line.ok is None
    assert line.text.startswith("signed with the key SHA256:")
    closed_folder.statement.write_bytes(closed_folder.statement.read_bytes() + b" ")
    assert signature_line(closed_folder).ok is False


@NEEDS_SSH
@pytest.mark.parametrize("harm", ["another signer", "cut", "no file of signers", "taken away"])
def test_a_signature_that_does_not_hold_is_wrong(closed_folder, key, signers, tmp_path, harm):
    """Signed by somebody else, damaged, unverifiable, or removed: with the signers given it is wrong."""
    sign_statement(closed_folder, key)
    if harm == "another signer":
        other = tmp_path / "other"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
        sign_statement(closed_folder, other)
    elif harm == "cut":
        closed_folder.signature.write_bytes(closed_folder.signature.read_bytes()[:100])
    elif harm == "no file of signers":
        signers = tmp_path / "nowhere"
    else:
        closed_folder.signature.unlink()
    assert signature_line(closed_folder, signers).ok is False


def test_a_signature_without_its_statement_is_wrong(closed_folder):
    """Whoever takes away what was signed is seen, also without the file of signers."""
    closed_folder.signature.write_text("signed")
    closed_folder.statement.unlink()
    assert wrong(closed_folder) == ["statement.json.sig: the statement that was signed is missing"]


@NEEDS_SSH
@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="needs OpenSSH's ssh-agent")
def test_the_agent_signs_with_a_key_that_is_no_file(closed_folder, key, signers, tmp_path, monkeypatch):
    """The public part names the key; the private one never leaves the agent."""
    address = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        while not address.exists():
            assert agent.poll() is None
        subprocess.run(["ssh-add", "-q", key], check=True)
        key.unlink()
        sign_statement(closed_folder, Path(f"{key}.pub"))
    finally:
        agent.terminate()
        agent.wait()
    assert signature_line(closed_folder, signers).ok is True


def test_a_key_that_cannot_sign_is_one_clear_sentence(closed_folder, tmp_path):
    """What ssh-keygen says is passed on."""
    (tmp_path / "no-key").write_text("nothing")
    with pytest.raises(CannotMeasure, match=r"statement\.json: cannot be signed with .*no-key"):
        sign_statement(closed_folder, tmp_path / "no-key")


def test_every_changed_value_deep_inside_an_event_is_found(closed_folder):
    """No single value of a payload can be changed, whatever else is spelled right."""
    lines = closed_folder.events.read_bytes().splitlines()
    for number, line in enumerate(lines):
        for place in _leaves(json.loads(line)):
            event = holder = json.loads(line)
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = 7 if isinstance(holder[place[-1]], str) else "changed"
            edited = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            _assert_found(closed_folder, [*lines[:number], edited, *lines[number + 1 :]], f"{place} of {number + 1}")


def test_a_blob_cut_at_any_length_is_found(closed_folder):
    """Also by its last byte, and to nothing."""
    blob = next(closed_folder.blobs.iterdir())
    whole = blob.read_bytes()
    for size in range(len(whole)):
        blob.write_bytes(whole[:size])
        assert any(blob.name in text for text in wrong(closed_folder)), size


def test_a_chain_hashed_anew_is_found_by_the_old_ticket_line_alone(closed_folder, clock):
    """Somebody who rewrites chain, manifest and statement together is caught by nothing but the ticket."""
    seq, digest = read(closed_folder).head
    anchor = ticket_line("FEAT-1", "staging", seq, digest, "WAIVED")
    events = read(closed_folder).events
    closed_folder.events.unlink()
    with Chain.open(closed_folder, clock=clock) as chain:
        for event in events:
            payload = {**event.payload, "reason": "another"} if event.kind is Kind.WAIVER else event.payload
            chain.append(event.kind, event.gate, event.check, **payload)
    write_statement(closed_folder)
    assert wrong(closed_folder) == []
    assert wrong(closed_folder, anchor) == [f"event {seq} is not the one that the ticket names"]
