"""Logs as files that grow and rotate, of a real Docker engine and of a real PM2; the journal's JSON as recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure, UsageError
from releasegate.probes.logs import MOST_BYTES, LogReader, _entry, is_kept
from releasegate.target.models import Service, Services

# One entry of a real journal (systemd 252, `journalctl -o json --output-fields=MESSAGE`), its boot id left out.
RECORDED = {
    "PRIORITY": "6", "MESSAGE": "Application started", "__REALTIME_TIMESTAMP": "1795467541579287",
    "__CURSOR": "s=5b04cbf176e74d978c07f1d845c79dcd;i=166;m=dbd8ed4d;t=660f7dd058617;x=52daa46a9dbc6f22",
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it's a log.log"


@pytest.fixture
def reader(here, file: Path) -> LogReader:
    services = Services(manager="process", backend=Service(name="backend", port=1, log=str(file)))
    return LogReader(services, "backend", here)


def texts(measured):
    return [line.text for line in measured.value.lines]


def test_lines_are_read_with_their_times(reader, file: Path):
    """A stack trace has the time of the line above it; a line before the first time has none."""
    file.write_text("banner\n2025-11-04T03:10:00Z Error: x\n    at load (a.js:1:2)\n\n")
    measured = reader.read()
    at = datetime(2025, 11, 4, 3, 10, tzinfo=UTC)
    assert [line.at for line in measured.value.lines] == [None, at, at]
    assert (measured.rows, measured.unit) == (3, "log lines")


def test_evidence_keeps_no_line(reader, file: Path):
    """What customers wrote is read and judged, and not kept."""
    file.write_text("2025-11-04T03:10:00Z message from Ana: hello\n")
    measured = reader.read()
    assert "Ana" not in str(measured.shown)
    assert (measured.shown["lines"], measured.shown["to"]) == (1, "2025-11-04T03:10:00+00:00")


def test_reading_on_gives_only_what_is_new(reader, file: Path):
    """A line that is still being written waits until it is whole."""
    file.write_text("one\n")
    first = reader.read()
    with file.open("a") as log:
        log.write("two\nthr")
    second = reader.read(after=first.value.position)
    with file.open("a") as log:
        log.write("ee\n")
    third = reader.read(after=second.value.position)
    fourth = reader.read(after=third.value.position)
    assert [texts(measured) for measured in (first, second, third, fourth)] == [["one"], ["two"], ["three"], []]


def test_reading_on_follows_a_rotation(reader, file: Path):
    """The rest of the old file comes first, then the new one."""
    file.write_text("one\n")
    position = reader.read().value.position
    with file.open("a") as log:
        log.write("two\n")
    file.rename(f"{file}.1")
    file.write_text("three\n")
    measured = reader.read(after=position)
    assert (texts(measured), measured.value.is_cut) == (["two", "three"], False)


def test_a_log_that_was_emptied_in_place_is_said_to_be_cut(reader, file: Path):
    """Truncating by copy loses what nobody read; the slice says so."""
    file.write_text("one\ntwo\nthree\n")
    position = reader.read().value.position
    file.write_text("four\n")
    measured = reader.read(after=position)
    assert (texts(measured), measured.value.is_cut) == (["four"], True)


def test_a_long_log_is_read_from_its_end(reader, file: Path):
    """Only the newest part is read, from a whole line on, and the slice says that it is cut."""
    line = "x" * 99 + "\n"
    file.write_text(line * (MOST_BYTES // 100 + 5) + "last\n")
    measured = reader.read()
    assert texts(measured)[-1] == "last"
    assert {len(text) for text in texts(measured)[:-1]} == {99}
    assert measured.value.is_cut is True


def test_a_process_that_logs_in_another_zone_than_its_machine_s_is_understood(reader, file: Path):
    """The time of the file tells the zone of its lines."""
    now = datetime.now(UTC)
    file.write_text(f"{now:%Y-%m-%d %H:%M:%S} ready\n")
    (line,) = reader.read().value.lines
    assert abs(line.at - now) < timedelta(seconds=2)


def test_bytes_that_are_no_text_do_not_end_the_reading(reader, file: Path):
    """They are replaced, and the lines around them are there."""
    file.write_bytes(b"one\n\xff\xfe\ntwo\n")
    assert texts(reader.read()) == ["one", "��", "two"]


def test_several_files_are_one_log(here, tmp_path: Path):
    """Those without any time stand at the beginning, and how many lines they are is said."""
    timed, silent = tmp_path / "production.log", tmp_path / "server.log"
    timed.write_text("banner\n2025-11-04T03:10:00Z GET /\n")
    silent.write_text("booting\nListening on 3300\n")
    services = Services(manager="process", backend=Service(port=1, log=[str(timed), str(silent)]))
    log = LogReader(services, "backend", here).read().value
    assert [line.text for line in log.lines][:2] == ["booting", "Listening on 3300"]
    assert (log.undated, len(log.lines), log.source) == (2, 4, f"{timed}, {silent}")


def test_a_missing_log_cannot_be_measured(reader):
    """The message names the path."""
    with pytest.raises(CannotMeasure, match=r"a log\.log"):
        reader.read()


def test_a_process_without_a_log_is_a_usage_error(here):
    """Nobody keeps its output, so the target has to name the file."""
    with pytest.raises(UsageError, match=r"services\.backend\.log: is missing"):
        LogReader(Services(manager="process", backend=Service(name="backend", port=1)), "backend", here)


def test_a_container_s_two_outputs_are_one_log(here, docker):
    """In order of time, without Docker's stamps, and read on from where one stopped."""
    docker("run", "-d", "--network=host", "--name=talks", "box:1", "/bin/sh", "-c",
           "echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three; sleep 3; echo four; sleep 600")  # fmt: skip
    reader = LogReader(Services(manager="docker", backend=Service(name="talks")), "backend", here)
    seen: list[str] = []
    position: dict[str, str] = {}
    ends = datetime.now(UTC) + timedelta(seconds=20)
    while "four" not in seen and datetime.now(UTC) < ends:
        measured = reader.read(after=position)
        position = dict(measured.value.position)
        seen += texts(measured)
    assert seen == ["one", "two", "three", "four"]
    assert measured.value.lines[-1].at <= datetime.now(UTC)


def test_a_container_that_docker_does_not_know_has_no_log(here, docker):
    """It is named."""
    docker("version")
    reader = LogReader(Services(manager="docker", backend=Service(name="nobody")), "backend", here)
    with pytest.raises(CannotMeasure, match="Docker knows no container 'nobody'"):
        reader.read()


def test_pm2_s_two_files_are_one_log(here, pm2, tmp_path: Path, wait_until):
    """Output and errors lie in a file each, and both are read."""
    script = tmp_path / "talks.js"
    script.write_text("console.log('out'); console.error('err'); setInterval(() => {}, 1000)")
    pm2("start", str(script), "--name", "talks")
    reader = LogReader(Services(manager="pm2", backend=Service(name="talks")), "backend", here)
    wait_until(lambda: sorted(texts(reader.read())) == ["err", "out"], "both lines")


def test_an_entry_of_the_journal_is_a_line_with_its_time():
    """A message that is no UTF-8 comes as bytes, and is read all the same."""
    line = _entry(RECORDED)
    assert (line.text, line.at) == ("Application started", datetime.fromtimestamp(1795467541.579287, UTC))
    assert _entry({**RECORDED, "MESSAGE": [104, 105, 255]}).text == "hi�"


@pytest.mark.parametrize(
    ("manager", "log", "kept"),
    [("none", None, False), ("none", "/l/b.log", True), ("process", None, True), ("docker", None, True)],
)
def test_only_where_nobody_manages_and_no_file_is_named_there_is_no_log(manager, log, kept):
    """Elsewhere a log that cannot be found is said to be missing."""
    services = Services(manager=manager, reason="serverless", backend=Service(name="b", log=log or ()))
    assert is_kept(services, "backend") is kept
