"""Whether a folder of evidence still is what was written, from the folder alone, and what that does not show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from releasegate.core import CannotMeasure
from releasegate.evidence import manifest, statement
from releasegate.evidence.anchor import Anchor, parse_anchor, ticket_line
from releasegate.evidence.attempt import Attempt
from releasegate.evidence.chain import read
from releasegate.evidence.events import Kind
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.evidence.looked import Line
from releasegate.evidence.signature import check_signature
from releasegate.evidence.writing import as_json, reading

__all__ = ["Line", "Verification", "blob_paths", "ticket_line", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was looked at, in order."""

    lines: tuple[Line, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong; what could not be verified is not wrong, and is listed."""
        return all(line.ok is not False for line in self.lines)


def verify(root: Path, anchor: str | None = None, *, allowed_signers: Path | None = None) -> Verification:
    """Verify the evidence in the folder `root`, offline and without writing.

    `anchor` is the ticket line; `allowed_signers` the file in which ssh-keygen looks for the signer's public key.
    Raises UsageError when the anchor is no ticket line; whatever cannot be read is a line that does not hold.
    """
    claimed = parse_anchor(anchor) if anchor else None
    folder = Folder(root)
    found: list[Line] = []
    try:
        history = read(folder)
        found += _chain(folder, history)
        found += _manifest(folder, history)
        found += _blobs(folder, history)
        found += _gates(history)
        found += _statement(folder, history)
        found += _report(folder)
    except CannotMeasure as error:
        return Verification((*found, Line(ok=False, text=str(error))))
    found.append(check_signature(folder, allowed_signers))
    found.append(_anchor(history, claimed))
    return Verification(tuple(found))


def _chain(folder: Folder, history: History) -> Iterator[Line]:
    for problem in history.problems:
        yield Line(ok=False, text=str(problem))
    if history.cut_bytes:
        yield Line(ok=False, text=f"events.jsonl: ends with {history.cut_bytes} bytes of a line that was cut")
    if not history.events:
        yield Line(ok=False, text=f"{folder.events.name}: holds no event, so nothing is proven")
    elif not history.problems:
        seq, digest = history.head
        yield Line(ok=True, text=f"{seq} events, each carrying the hash of the one before; the last is {digest}")


def _manifest(folder: Folder, history: History) -> Iterator[Line]:
    content = _read_json(folder.manifest)
    listed = content.get("files") if content else None
    if content is None or not isinstance(listed, dict):
        yield Line(ok=False, text="manifest.json: is missing or no manifest; changed or missing files cannot be seen")
        return
    if not _is_written_so(folder.manifest, content) or content.keys() != manifest.KEYS:
        yield Line(ok=False, text="manifest.json: is not spelled as it was written")
        return
    # a manifest of an earlier version lists the watch's lock, which is no evidence
    listed = {path: entry for path, entry in listed.items() if not manifest.is_lock(folder, folder.root / path)}
    present = set(manifest.files(folder))
    wrong = [Line(ok=False, text=f"{path}: is in the manifest and missing") for path in sorted(set(listed) - present)]
    wrong += [line for path in sorted(present & set(listed)) for line in _listed_file(folder, path, listed[path])]
    extra = sorted(present - set(listed))
    wrong += [Line(ok=None, text=f"{path}: came after the manifest and is not covered by it") for path in extra]
    yield from wrong
    yield _covered(content, history)
    if not any(line.ok is False for line in wrong):
        yield Line(ok=True, text=f"{len(listed)} files are as the manifest lists them")


def _listed_file(folder: Folder, path: str, entry: Any) -> Iterator[Line]:
    file = folder.root / path
    if file == folder.events:
        yield from _listed_chain(folder, entry)
    elif not _same(manifest.hashed(file), entry):
        yield Line(ok=False, text=f"{path}: is not the file that the manifest lists")


def _listed_chain(folder: Folder, entry: Any) -> Iterator[Line]:
    """The chain may have grown since the manifest, so only as much of it as there was then is compared."""
    with reading(folder.events):
        data = folder.events.read_bytes()
    size = entry.get("size") if isinstance(entry, dict) else None
    if type(size) is not int or entry != {"sha256": sha256(data[:size]).hexdigest(), "size": len(data[:size])}:
        yield Line(ok=False, text="events.jsonl: is not the chain that the manifest lists")


def _covered(content: dict[str, Any], history: History) -> Line:
    event = next((event for event in history.events if event.seq == _last_seq(content)), None)
    if event is None or not _same(content["events"], {"last_seq": event.seq, "last_hash": event.digest}):
        return Line(ok=False, text="manifest.json: its last event is not in the chain")
    if not _same(manifest.counts(history.until(event.seq)), content["tests"]):
        return Line(ok=False, text="manifest.json: its counts of tests are not what the chain says")
    later = history.head[0] - event.seq
    if later:
        return Line(ok=None, text=f"{later} events came after the manifest; only their chain was verified")
    return Line(ok=True, text="the manifest covers the chain to its last event")


def _blobs(folder: Folder, history: History) -> Iterator[Line]:
    names = sorted({name for event in history.events for name in blob_paths(event.payload)})
    wrong = [line for name in names for line in _blob(folder.root / name, name)]
    yield from wrong
    if names and not wrong:
        yield Line(ok=True, text=f"{len(names)} blobs that events name are there and have the hash in their name")


def _blob(path: Path, name: str) -> Iterator[Line]:
    if not path.is_file():
        yield Line(ok=False, text=f"{name}: an event names it and it is missing")
    elif manifest.hashed(path)["sha256"] != path.stem:
        yield Line(ok=False, text=f"{name}: its content does not have the hash in its name")


def blob_paths(value: Any) -> Iterator[str]:
    """Yield every blob that a payload names."""
    if isinstance(value, str):
        name = value.removeprefix("blobs/")
        if value.startswith("blobs/") and "/" not in name and len(name.partition(".")[0]) == sha256().digest_size * 2:
            yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from blob_paths(item)


def _gates(history: History) -> Iterator[Line]:
    wrong = [line for attempt in history.all_attempts for line in _attempt(history, attempt)]
    yield from wrong
    ended = [attempt for attempt in history.all_attempts if attempt.ended]
    if ended and not any(line.ok is False for line in wrong):
        text = f"{len(ended)} gate runs are closed; each planned check has a verdict, and they add up to the gate's"
        yield Line(ok=True, text=text)


def _attempt(history: History, attempt: Attempt) -> Iterator[Line]:
    name = f"{attempt.gate}, run {attempt.number}"
    if not attempt.ended:
        yield Line(ok=None, text=f"{name}: was never closed; what it saw counts for nothing")
        return
    silent = [check for check in attempt.planned if check not in attempt.results]
    unplanned = [check for check in attempt.results if check not in attempt.planned]
    if silent:
        yield Line(ok=False, text=f"{name}: planned without a verdict: {', '.join(silent)}")
    if unplanned:
        yield Line(ok=False, text=f"{name}: a verdict that was not planned: {', '.join(unplanned)}")
    if not _adds_up(history, attempt):
        yield Line(ok=False, text=f"{name}: its checks do not add up to the {attempt.recorded} at its end")


def _adds_up(history: History, attempt: Attempt) -> bool:
    """Whether the checks give the recorded verdict, with what had been waived by then."""
    assert attempt.ended is not None
    assert attempt.ended_seq is not None
    then = history.until(attempt.ended_seq).latest(attempt.gate)
    return then is not None and then.verdict_at(attempt.ended) is attempt.recorded


def _statement(folder: Folder, history: History) -> Iterator[Line]:
    content = _read_json(folder.statement)
    if content is None:
        yield Line(ok=None, text="statement.json: there is none")
        return
    then = history.until(_last_seq(_read_json(folder.manifest) or {}))
    with reading(folder.manifest):
        expected = statement.describe(then, folder.manifest.read_bytes())
    if not _is_written_so(folder.statement, expected):
        yield Line(ok=False, text="statement.json: does not say what the chain and the manifest say")
    else:
        yield Line(ok=True, text=f"the statement ({content['predicate']['result']}) says what chain and manifest say")


def _report(folder: Folder) -> Iterator[Line]:
    """The page is a file of the manifest; what it says is not read."""
    if folder.report.is_file():
        yield Line(
            ok=None, text="report.html: not verified that it says what the chain says; `gate report` writes it anew"
        )


def _last_seq(content: dict[str, Any]) -> int:
    last = content.get("events")
    seq = last.get("last_seq") if isinstance(last, dict) else None
    return seq if type(seq) is int else 0


def _anchor(history: History, claimed: Anchor | None) -> Line:
    if claimed is None:
        return Line(
            ok=None,
            text="no anchor given: somebody who can write this folder could have replaced all of it; "
            "give the line from the change ticket with --anchor",
        )
    event = next((event for event in history.events if event.seq == claimed.seq), None)
    if event is None or event.digest != claimed.digest:
        return Line(ok=False, text=f"event {claimed.seq} is not the one that the ticket names")
    if event.kind is Kind.END and str(event.payload.get("verdict")) != claimed.verdict:
        return Line(ok=False, text=f"the ticket says {claimed.verdict}, event {claimed.seq} says otherwise")
    return Line(ok=True, text=f"event {claimed.seq} is the one that the ticket names")


def _same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON; to Python `1`, `1.0` and `true` are equal."""
    return as_json(one) == as_json(other)


def _is_written_so(path: Path, content: Any) -> bool:
    """Whether the file holds `content` and not a byte else: no key twice, none that nobody wrote."""
    with reading(path):
        return path.read_bytes() == as_json(content)


def _read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in the file; None when there is no such file or it holds something else."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
