"""A folder that anybody touched is found out, and what cannot be found out is said."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from releasegate.core import UsageError
from releasegate.evidence import Chain, Folder, Kind, read
from releasegate.evidence.anchor import Anchor, parse_anchor, ticket_line
from releasegate.evidence.signature import sign_statement
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


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="signing needs OpenSSH's ssh-keygen")
def test_a_signature_names_its_signer_and_holds_for_this_statement_only(closed_folder, tmp_path):
    """A signed statement verifies with the public key alone, and not once it was changed."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"ana {Path(f'{key}.pub').read_text()}")
    sign_statement(closed_folder, key)
    lines = verify(closed_folder.root, None, allowed_signers=signers).lines
    assert "the statement is signed by ana" in [line.text for line in lines if line.ok]
    closed_folder.statement.write_bytes(closed_folder.statement.read_bytes() + b" ")
    lines = verify(closed_folder.root, None, allowed_signers=signers).lines
    assert "the signature is not one of this statement" in [line.text for line in lines if line.ok is False]
