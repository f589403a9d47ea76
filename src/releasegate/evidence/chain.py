"""The append-only chain of events: one writer, every line synced, each carrying the hash of the one before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePath
from typing import Any, NamedTuple, Self

from releasegate.core.redaction import redactor
from releasegate.evidence.events import NOTHING_BEFORE, Event, Kind, parse, timestamp
from releasegate.evidence.folder import Folder
from releasegate.evidence.history import History
from releasegate.evidence.lines import read_lines, split
from releasegate.evidence.lock import Holder, only_writer
from releasegate.evidence.plain import plain, shortened
from releasegate.evidence.writing import reading, replace_file, writing

_NO_TEXT = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".webm", ".zip", ".gz", ".bin", ".dump"})
_LONGEST_SUFFIX = 9
_BLOCK = 65_536  # bytes; more than nearly every line has


class Head(NamedTuple):
    """The last event: its number and the hash of its line."""

    seq: int
    digest: str


def _now() -> datetime:
    return datetime.now(UTC)


class Chain:
    """The one writer of a folder's evidence; `Chain.open` gives it."""

    def __init__(self, folder: Folder, file: int, holder: Holder, clock: Callable[[], datetime]) -> None:
        self._folder, self._file, self._holder, self._clock = folder, file, holder, clock
        self._end = 0  # bytes of the file that are whole lines
        self._head = Head(0, NOTHING_BEFORE)

    @classmethod
    @contextmanager
    def open(cls, folder: Folder, *, wait_s: float = 10.0, clock: Callable[[], datetime] = _now) -> Iterator[Self]:
        """Give the folder's writer; what an earlier writer left half written is set aside and said.

        Raises CannotMeasure when another process still writes after `wait_s` seconds (naming it), or when the
        folder cannot be written. A chain that was changed by hand is carried on: `read` and `verify` tell.
        """
        with ExitStack() as held:
            with writing(folder.root):
                folder.root.mkdir(parents=True, exist_ok=True)
                holder = held.enter_context(only_writer(folder.lock, wait_s=wait_s))
                file = os.open(folder.events, os.O_RDWR | os.O_CREAT, 0o644)
                held.callback(os.close, file)
            chain = cls(folder, file, holder, clock)
            chain._carry_on()
            yield chain

    @property
    def head(self) -> Head:
        """Number and hash of the last event; 0 and zeros where there is none."""
        return self._head

    def append(self, kind: Kind, gate: str = "", check: str = "", **payload: Any) -> Event:
        """Write one event and return it once it is on the disk.

        The payload is made plain, then redacted, then cut where a text is very long, and only then hashed. Raises
        CannotMeasure when the disk refuses; what was written before stays whole.
        """
        event = Event(
            seq=self._head.seq + 1,
            time=timestamp(self._clock()),
            gate=gate,
            check=check,
            kind=kind,
            payload=shortened(redactor.data(plain(payload))),
            prev=self._head.digest,
        )
        if kind is Kind.START:
            self._holder.note(gate)
        line = event.line
        self._write(line + b"\n")
        self._head = Head(event.seq, sha256(line).hexdigest())
        return event

    def keep(self, data: bytes, name: str) -> str:
        """Keep `data` as a blob and return its path in the folder: `blobs/<sha256>.<suffix of name>`.

        Everything but pictures and archives is text and is redacted first. Raises CannotMeasure when the disk
        refuses.
        """
        suffix = _suffix(name)
        if suffix not in _NO_TEXT:
            data = redactor.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        blob = self._folder.blobs / f"{sha256(data).hexdigest()}{suffix}"
        replace_file(blob, data)
        return f"{self._folder.blobs.name}/{blob.name}"

    def _write(self, data: bytes) -> None:
        """Put `data` behind the last whole line; it is all there or nothing of it."""
        with writing(self._folder.events):
            try:
                _write_all(self._file, data, self._end)
                os.fsync(self._file)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._file, self._end)
                raise
        self._end += len(data)

    def _carry_on(self) -> None:
        """Find the last whole line and record what follows it."""
        with reading(self._folder.events):
            size, last, tail = _last_of(self._file)
            self._end = size - len(tail)
            if last is not None:
                self._head = _head_of(last, lambda: _count_lines(self._file))
        if tail:
            self._record_gap(tail)

    def _record_gap(self, tail: bytes) -> None:
        lost = len(tail)
        if self._is_next(tail):  # only the line end is missing: the event itself was written
            self._write(tail + b"\n")
            self._head = _head_of(tail, lambda: self._head.seq + 1)
            lost = 0
        partial = self.keep(tail, "cut.bin") if lost else ""
        sentence = f"the last line was cut by a writer that died; {lost} bytes of it do not count"
        # Written over the cut line and shortened after that: killed in between, the next writer finds a cut line again.
        self.append(Kind.GAP, lost_bytes=lost, partial=partial, sentence=sentence)
        with writing(self._folder.events):
            os.ftruncate(self._file, self._end)
        self.append(Kind.RESUME, pid=os.getpid(), lost_bytes=lost)

    def _is_next(self, line: bytes) -> bool:
        try:
            event = parse(line)
        except ValueError:
            return False
        return (event.seq, event.prev) == (self._head.seq + 1, self._head.digest)


def read(folder: Folder) -> History:
    """Return what the folder's chain says, without a lock; a line that is just being written does not count yet.

    A folder without a chain gives an empty history. Raises CannotMeasure when the file is there but unreadable.
    """
    with reading(folder.events):
        try:
            data = folder.events.read_bytes()
        except FileNotFoundError:
            data = b""
    lines = read_lines(data)
    return History(events=lines.events, problems=lines.problems, cut_bytes=len(lines.cut))


def _write_all(file: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(file, data, offset)
        data, offset = data[written:], offset + written


def _last_of(file: int) -> tuple[int, bytes | None, bytes]:
    """Return the size, the last whole line (None where there is none), and what follows it.

    Read from the end, as much as that takes: a watch opens a chain that grows with each of its rounds.
    """
    size = start = os.fstat(file).st_size
    data = b""
    while start and data.count(b"\n") < 2:
        step = min(_BLOCK, start)
        start -= step
        data = os.pread(file, step, start) + data
    lines, tail = split(data)
    return size, lines[-1] if lines else None, tail


def _count_lines(file: int) -> int:
    end = os.fstat(file).st_size
    return sum(os.pread(file, _BLOCK, start).count(b"\n") for start in range(0, end, _BLOCK))


def _head_of(line: bytes, number: Callable[[], int]) -> Head:
    """Return where to carry on after `line`; one that was damaged has the number of lines up to it for its own."""
    try:
        seq = parse(line).seq
    except ValueError:
        seq = number()
    return Head(seq, sha256(line).hexdigest())


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= _LONGEST_SUFFIX else ".txt"
