"""The chain's bytes as events, and every place where they do not hold together."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from releasegate.evidence.events import NOTHING_BEFORE, Event, parse


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of events.jsonl, counted from 1, that is not what was written there or does not follow the one before."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"events.jsonl line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Lines:
    """What a chain's bytes hold; `cut` are bytes after the last line end, which a writer left behind when it died."""

    events: tuple[Event, ...]
    problems: tuple[Problem, ...]
    cut: bytes


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole lines of `data` without their ends, and what follows the last end."""
    *lines, tail = data.split(b"\n")
    return lines, tail


def read_lines(data: bytes) -> Lines:
    """Return the events of a chain with everything that is wrong with it; nothing is raised for any bytes."""
    lines, tail = split(data)
    events: list[Event] = []
    problems: list[Problem] = []
    prev, seq = NOTHING_BEFORE, 0
    for number, line in enumerate(lines, start=1):
        try:
            event = parse(line)
        except ValueError as error:
            problems.append(Problem(number, str(error)))
            seq += 1
        else:
            problems += [Problem(number, text) for text in _breaks(event, seq, prev)]
            events.append(event)
            seq = event.seq
        prev = sha256(line).hexdigest()
    return Lines(tuple(events), tuple(problems), tail)


def _breaks(event: Event, seq: int, prev: str) -> list[str]:
    found = []
    if event.seq != seq + 1:
        found.append(f"has number {event.seq} where {seq + 1} was expected")
    if event.prev != prev:
        found.append("does not carry the hash of the line before it")
    return found
