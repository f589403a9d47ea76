"""A service's log, wherever its manager keeps it, read once or on from where one stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from releasegate.core import CannotMeasure, Measurement, UsageError
from releasegate.core.facts.logs import LogLine, LogSlice
from releasegate.core.log_text import plain, time_of
from releasegate.core.log_zone import zone_in
from releasegate.probes.host import Machine
from releasegate.probes.services import docker, pm2
from releasegate.probes.services.manager import cannot_ask
from releasegate.target.models import Service, Services

MOST_LINES = 20_000  # of one look at Docker or the journal
MOST_BYTES = 4_000_000  # of one look at one file
_LONGEST_LINE = 2_000
_DOCKER_STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\S+?Z) ?")

Position = Mapping[str, str]


def has_log(services: Services, part: str) -> bool:
    """Whether the target says where a service's log is: a file, or a manager that keeps it."""
    service: Service | None = getattr(services, part)
    return service is not None and (bool(service.log) or services.manager not in ("process", "none"))


def is_kept(services: Services, part: str) -> bool:
    """Whether there is a log to ask for: not where nobody manages the services and the target names no file.

    Where a manager is named, a log that is missing is for LogReader to complain about.
    """
    return services.manager != "none" or has_log(services, part)


class LogReader:
    """The log of one service of a target."""

    def __init__(self, services: Services, part: str, machine: Machine) -> None:
        """Take the target's section; raises UsageError when it does not name `part`, or names no log of it."""
        service: Service | None = getattr(services, part)
        if service is None:
            raise UsageError(f"services.{part}: is missing; give its name, and its log where no manager keeps one")
        if not service.log and services.manager in ("process", "none"):
            raise UsageError(f"services.{part}.log: is missing; give the path of the file it writes to")
        self.part = part
        self._manager = "file" if service.log else services.manager
        self._service = service
        self._machine = machine

    def read(self, *, since: datetime | None = None, after: Position | None = None) -> Measurement[LogSlice]:
        """Measure the newest lines, or those after the `position` of an earlier slice.

        `since` spares Docker and the journal older lines; of a file they are read and kept. Evidence keeps only
        counts and times: customers' words do not belong there. Raises CannotMeasure when the log cannot be read.
        """
        with self._machine.noting() as noted:
            log = self._read(since, after or {})
            return noted.measurement(log, rows=len(log.lines), unit="log lines", shown=shown(log))

    def _read(self, since: datetime | None, after: Position) -> LogSlice:
        if self._manager == "docker":
            return _docker(self._machine, self.part, self._service, since, after)
        if self._manager == "systemd":
            return _journal(self._machine, self.part, self._service.name, since, after)
        paths = self._service.log or _pm2_files(self._machine, self._service.name)
        return _files(self._machine, self.part, paths, after)


def shown(log: LogSlice) -> dict[str, object]:
    """Return what evidence keeps of a slice: how much it is, from when to when, and where it ended."""
    times = [line.at for line in log.lines if line.at is not None]
    return {
        "part": log.part, "source": log.source, "lines": len(log.lines), "position": dict(log.position),
        "from": min(times).isoformat() if times else None, "to": max(times).isoformat() if times else None,
        "is_cut": log.is_cut,
    }  # fmt: skip


def _docker(machine: Machine, part: str, service: Service, since: datetime | None, after: Position) -> LogSlice:
    container = docker.container_of(machine, service)
    if container is None:
        raise CannotMeasure(
            f"{machine.address}: Docker knows no container {service.name!r}, so there is no log to read"
        )
    last = after.get("last", "")
    begin = last or (since.astimezone(UTC).isoformat().replace("+00:00", "Z") if since else "")
    argv = ["docker", "logs", "--timestamps", f"--tail={MOST_LINES}", *(["--since", begin] if begin else [])]
    ran = machine.run([*argv, "--", container])
    if ran.exit_code != 0:
        raise cannot_ask(machine, argv, ran, docker.TROUBLES)
    # both outputs carry Docker's own stamps, of one width, so their order is the order of the text
    stamped = sorted((ran.stdout + ran.stderr).splitlines(), key=lambda line: line[:30])
    fresh = [line for line in stamped if line[:30].rstrip() > last]
    lines = tuple(LogLine(text=_short(_DOCKER_STAMP.sub("", line)), at=time_of(line, UTC)) for line in fresh)
    return LogSlice(
        part=part, source=f"docker logs {container}", lines=lines,
        position={"last": fresh[-1][:30].rstrip() if fresh else last}, is_cut=len(stamped) >= MOST_LINES,
        seen_with=machine.by_hand(["docker", "logs", "--tail", "50", container]),
    )  # fmt: skip


def _journal(machine: Machine, part: str, unit: str, since: datetime | None, after: Position) -> LogSlice:
    cursor = after.get("cursor", "")
    begin = [f"--after-cursor={cursor}"] if cursor else [f"--since=@{since.timestamp():.0f}"] if since else []
    argv = ["journalctl", "--no-pager", "--output=json", f"--lines={MOST_LINES}", *begin, f"--unit={unit}"]
    ran = machine.run(argv)
    entries = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.exit_code != 0 or (not entries and "not seeing messages" in ran.stderr):
        raise cannot_ask(machine, argv, ran, {"not seeing messages": "this user may not read the journal"})
    return LogSlice(
        part=part, source=f"journal of {unit}", lines=tuple(map(_entry, entries)),
        position={"cursor": entries[-1]["__CURSOR"] if entries else cursor}, is_cut=len(entries) >= MOST_LINES,
        seen_with=machine.by_hand(["journalctl", "-u", unit, "-n", "50", "--no-pager"]),
    )  # fmt: skip


def _entry(entry: dict[str, object]) -> LogLine:
    """Return one entry of the journal; a message that is not UTF-8 comes as a list of bytes."""
    message = entry.get("MESSAGE")
    text = bytes(message).decode("utf-8", "replace") if isinstance(message, list) else str(message or "")
    at = datetime.fromtimestamp(int(str(entry["__REALTIME_TIMESTAMP"])) / 1e6, UTC)
    return LogLine(text=_short(text), at=at)


def _pm2_files(machine: Machine, name: str) -> list[str]:
    told = [one["pm2_env"] for one in pm2.processes(machine) if one.get("name") == name]
    paths = {str(one[key]) for one in told for key in ("pm_out_log_path", "pm_err_log_path") if one.get(key)}
    if not paths:
        raise CannotMeasure(f"{machine.address}: PM2 knows no process {name!r}, so there is no log to read")
    return sorted(paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """What was read of one file: text, the position after it as "inode:offset", and whether older text is missing."""

    text: str
    position: str
    written: datetime
    is_cut: bool


def _files(machine: Machine, part: str, paths: Iterable[str], after: Position) -> LogSlice:
    where = [machine.path(path) for path in paths]
    pieces = {path: _piece(machine, path, after.get(path, "")) for path in where}
    zones = (_zone_of(machine), UTC)
    read = sorted((_timed(piece, zones) for piece in pieces.values()), key=_has_times)
    lines = [line for one in read for line in one]
    if len(pieces) > 1:  # output and errors in a file each: one story, where the lines tell the time
        lines.sort(key=lambda line: line.at or datetime.min.replace(tzinfo=UTC))
    silent = [one for one in read if not _has_times(one)]
    return LogSlice(
        part=part, source=", ".join(where), lines=tuple(lines),
        position={path: piece.position for path, piece in pieces.items()},
        is_cut=any(piece.is_cut for piece in pieces.values()),
        undated=sum(map(len, silent)) if len(silent) < len(read) else 0,
        seen_with=machine.by_hand(["tail", "-n", "50", *where]),
    )  # fmt: skip


def _piece(machine: Machine, path: str, after: str) -> _Piece:
    inode, size, written = _look(machine, path)
    old_inode, _, old_offset = after.partition(":")
    offset = int(old_offset or 0)
    rest, is_cut = "", False
    if after and (old_inode != inode or size < offset):  # rotated since: moved away, or emptied
        rest, is_cut = _rest_of_rotated(machine, path, old_inode, offset)
        offset = 0
    start = max(offset, size - MOST_BYTES)
    text = _bytes_of(machine, path, start, size)
    _, ended, unfinished = text.rpartition("\n")
    if after and unfinished and "�" not in unfinished:  # a line that is still being written waits for the next look
        text, size = text[: -len(unfinished)], size - len(unfinished.encode())
    if start > offset and ended:
        text = text.partition("\n")[2]  # the first line of a cut text is half a line
    return _Piece(text=rest + text, position=f"{inode}:{size}", written=written, is_cut=is_cut or start > offset)


def _look(machine: Machine, path: str) -> tuple[str, int, datetime]:
    argv = ["stat", "-L", "-c", "%i %s %Y", "--", path]
    inode, size, written = machine.read(argv).split()
    return inode, int(size), datetime.fromtimestamp(int(written), UTC)


def _rest_of_rotated(machine: Machine, path: str, inode: str, offset: int) -> tuple[str, bool]:
    """Return what was written to the old file after the last look, and whether that is lost."""
    for candidate in machine.glob(f"{path}?*"):
        found, size, _ = _look(machine, candidate)
        if found == inode:
            return _bytes_of(machine, candidate, offset, size), False
    return "", True


def _bytes_of(machine: Machine, path: str, start: int, end: int) -> str:
    script = 'tail -c "+$2" -- "$1" | head -c "$3"'
    return machine.read(["sh", "-c", script, "sh", path, str(start + 1), str(end - start)]) if end > start else ""


def _timed(piece: _Piece, zones: Sequence[tzinfo]) -> list[LogLine]:
    """Return the lines with their times; a line without one (a stack trace) has that of the line before."""
    texts = [plain(line) for line in piece.text.split("\n") if line.strip()]
    zone = zone_in(texts, piece.written, zones)
    lines: list[LogLine] = []
    at = None
    for text in texts:
        own = time_of(text, zone)
        at = own or at
        lines.append(LogLine(text=_short(text), at=at, is_dated=own is not None))
    return lines


def _has_times(lines: Iterable[LogLine]) -> bool:
    return any(line.at is not None for line in lines)


def _zone_of(machine: Machine) -> tzinfo:
    offset = machine.read(["date", "+%z"]).strip()
    sign = -1 if offset.startswith("-") else 1
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))


def _short(text: str) -> str:
    return plain(text)[:_LONGEST_LINE]
