"""What a line of a log says: when it was written, and which shape it has. Nothing here reads a file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HEAD = 120  # a time stands at the beginning of a line
_LONGEST_SHAPE = 160

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?\s?(Z\b|UTC\b|[+-]\d\d:?\d\d\b)?")
_SLASHED = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d)")  # nginx's error log, Go
_ACCESS = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")  # access logs
# Django's own server and PHP, in brackets, and Tomcat, without: no zone, or UTC.
_NAMED = re.compile(r"(?:\[|^)(\d\d)[/-]([A-Z][a-z]{2})[/-](\d{4}) (\d\d:\d\d:\d\d)(?: (UTC))?(?:\]|\.\d+ )")
# Apache's error log, Perl, uWSGI, as C's ctime writes it.
_CTIME = re.compile(r"\b[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)(?:\.\d+)? (\d{4})\b")
# RFC 3164, as syslog daemons write it into files, and Google's glog: neither says the year.
_SYSLOG = re.compile(r"^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)\b")
_GLOG = re.compile(r"^([IWEF])(\d{4}) (\d\d:\d\d:\d\d)\.\d+")
# NestJS writes the date as the machine's language does: with AM and PM the month comes first, without them the day.
_NEST = re.compile(r"\b(\d\d?)/(\d\d?)/(\d{4}),? (\d\d?:\d\d:\d\d)(?: ([AP]M))?")
_EPOCH = re.compile(r'"(?:time|ts|timestamp)"\s*:\s*"?(\d{10}(?:\.\d+)?|\d{13})\b')  # pino, bunyan, zap

_SHAPES = (
    (_ISO, "«time»"),
    (_SLASHED, "«time»"),
    (_ACCESS, "«time»"),
    (_NAMED, "«time»"),
    (_CTIME, "«time»"),
    (_SYSLOG, "«time»"),
    (_GLOG, r"\1 «time»"),
    (_NEST, "«time»"),
    (re.compile(r'"(?:[^"\\]|\\.)*"' r"|(?<!\w)'(?:[^'\\]|\\.)*'" r"|`[^`]*`"), "«text»"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "«id»"),
    (re.compile(r"\b[\w+-]+://\S+"), "«url»"),
    (re.compile(r"\S+@\S+\.\S+"), "«address»"),
    (re.compile(r"\b(?=[A-Za-z]*\d)[0-9a-fA-F]{7,}\b"), "«hex»"),
    # a number that ends a word belongs to it (P2002, TS2304), unless it is as long as an id
    (re.compile(r"(?<![A-Za-z0-9])[+-]?\d+(?:[.,:/-]\d+)*|\d{5,}"), "«n»"),
    (re.compile(r"\s+"), " "),
)


def plain(line: str) -> str:
    """Return `line` without terminal colours and without its end."""
    return _COLOURS.sub("", line).rstrip("\r\n")


def time_of(line: str, zone: tzinfo, *, now: datetime | None = None) -> datetime | None:
    """Return when `line` was written, in UTC; a time without a zone of its own is read in `zone`.

    Knows ISO 8601, NestJS, nginx, access logs, Django's server, PHP, Tomcat, ctime, syslog, glog, and JSON with seconds
    or milliseconds since 1970. A time without a year is the last one before `now` (this moment).
    """
    head = line[:_HEAD]
    for read in (_iso, _access, _nest, _slashed, _epoch, _named, _ctime, partial(_yearless, now=now)):
        try:
            moment = read(head)
        except ValueError:  # looked like a time and is none: 2025-13-45
            continue
        if moment is not None:
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return None


def _iso(head: str) -> datetime | None:
    match = _ISO.search(head)
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    offset = {"Z": "+00:00", "UTC": "+00:00", None: ""}.get(offset, offset)
    return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0'):0<6}{offset}")


def _access(head: str) -> datetime | None:
    match = _ACCESS.search(head)
    return datetime.strptime(match[1], "%d/%b/%Y:%H:%M:%S %z") if match else None


def _nest(head: str) -> datetime | None:
    match = _NEST.search(head)
    if match is None:
        return None
    first, second, year, clock, half = match.groups()
    if half:
        return datetime.strptime(f"{first}/{second}/{year} {clock} {half}", "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007  the caller adds the zone
    return datetime.strptime(f"{first}/{second}/{year} {clock}", "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007  the caller adds the zone


def _named(head: str) -> datetime | None:
    match = _NAMED.search(head)
    if match is None:
        return None
    moment = _with_month(match[1], match[2], match[3], match[4])
    return moment.replace(tzinfo=UTC) if match[5] else moment


def _ctime(head: str) -> datetime | None:
    match = _CTIME.search(head)
    return _with_month(match[2], match[1], match[4], match[3]) if match else None


def _yearless(head: str, *, now: datetime | None) -> datetime | None:
    """Read a time without a year; a day is spared for clocks and zones that differ."""
    if match := _SYSLOG.search(head):
        told, form = f"{match[1]} {match[2].strip()} {match[3]}", "%b %d %H:%M:%S"
    elif match := _GLOG.search(head):
        told, form = f"{match[2]} {match[3]}", "%m%d %H:%M:%S"
    else:
        return None
    latest = (now or datetime.now(UTC)).replace(tzinfo=None) + timedelta(days=1)
    for year in range(latest.year, latest.year - 9, -1):  # 29 February is eight years away at most
        with suppress(ValueError):
            moment = datetime.strptime(f"{year} {told}", f"%Y {form}")  # noqa: DTZ007  the caller adds the zone
            if moment <= latest:
                return moment
    return None


def _with_month(day: str, month: str, year: str, clock: str) -> datetime:
    return datetime.strptime(f"{day.strip()} {month} {year} {clock}", "%d %b %Y %H:%M:%S")  # noqa: DTZ007  the caller adds the zone


def _slashed(head: str) -> datetime | None:
    match = _SLASHED.search(head)
    return datetime.fromisoformat(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}") if match else None


def _epoch(head: str) -> datetime | None:
    match = _EPOCH.search(head)
    if match is None:
        return None
    seconds = float(match[1])
    return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)


def shape_of(line: str) -> str:
    """Return `line` with all that differs from one time to the next replaced: times, numbers, ids, quoted text.

    A line of JSON is shaped by its level, its message and that of the error it carries, which are what a person would
    compare: "unexpected error" is what a handler says of all of them.
    """
    level, text = _told_in(line)
    for pattern, word in _SHAPES:
        text = pattern.sub(word, text)
    return f"{level} {text.strip()}".strip()[:_LONGEST_SHAPE]


def _told_in(line: str) -> tuple[str, str]:
    """Return level and message of a line of JSON; "" and the line itself of any other."""
    try:
        entry = json.loads(line) if line.lstrip().startswith("{") else {}
    except ValueError:
        return "", line
    message = _text_at(entry, ("msg", "message", "event"))
    if not message:
        return "", line
    error = next((found for key in ("err", "error", "exception") if (found := _error_in(entry.get(key)))), "")
    return str(entry.get("level", "")), message if error in message else f"{message}: {error}"


def _error_in(told: object) -> str:
    """Return the line that says what went wrong: of an error's own text, or of an object that pino made of it."""
    text = _text_at(told, ("message", "msg")) if isinstance(told, dict) else told
    lines = text.strip().splitlines() if isinstance(text, str) else []
    return lines[-1 if lines[0].startswith("Traceback ") else 0] if lines else ""


def _text_at(entry: Mapping[str, object], keys: Iterable[str]) -> str:
    return next((text for key in keys if isinstance(text := entry.get(key), str) and text), "")


def lines_by_shape(lines: Iterable[str]) -> dict[str, int]:
    """Return how many of `lines` have each shape, the most frequent first."""
    return dict(Counter(map(shape_of, lines)).most_common())
