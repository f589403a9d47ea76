"""How far a reader has come, seen from outside: here, in a folder, and on another machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from releasegate.probes import reading
from releasegate.probes.host import open_machine

SIZE = 5_000_000
HELD = """
import sys
for part in sys.argv[2:]:
    open(part, "rb").read(3_000_000)
print("read", flush=True)
sys.stdin.read()
"""


@contextmanager
def reader(path: Path, *parts: Path) -> Iterator[None]:
    """Have a process with `path` among its words that has read 3 MB of each of `parts`, and waits."""
    pipe = subprocess.PIPE
    with subprocess.Popen(["python3", "-c", HELD, path, *parts], stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdout
        assert child.stdin
        child.stdout.readline()
        yield
        child.stdin.close()


def told_until(machine, path, wait_until):
    """Watch until something was told, and return all that was."""
    told: list[tuple[int, int]] = []
    with reading.watched(machine, str(path), SIZE, lambda *one: told.append(one)):
        wait_until(lambda: bool(told), "a look at the reader")
    return told


def test_what_a_process_has_read_of_a_file_is_seen_from_outside(here, tmp_path, wait_until):
    """As its kernel counts it; at the end all is read, and nobody reading is nothing."""
    dump = tmp_path / "dump"
    dump.write_bytes(bytes(SIZE))
    assert reading.most_read(str(dump)) == 0
    with reader(dump, dump):
        told = told_until(here, dump, wait_until)
    assert 3_000_000 <= told[0][0] < SIZE
    assert told[-1] == (SIZE, SIZE)


def test_a_folder_is_watched_as_one(here, tmp_path, wait_until):
    """pg_dump -F d writes a file for each table: what was read of all of them counts, and never more than there is."""
    parts = [tmp_path / f"{number}.dat" for number in (1, 2)]
    for part in parts:
        part.write_bytes(bytes(3_000_000))
    with reader(tmp_path, *parts):
        assert told_until(here, tmp_path, wait_until)[0] == (SIZE, SIZE)


def test_nobody_reading_ends_at_the_whole(here, tmp_path):
    """The bar is taken away however short the look was."""
    told = []
    with reading.watched(here, str(tmp_path), 10, lambda *one: told.append(one)):
        pass
    assert told == [(10, 10)]


@pytest.mark.everything  # it waits for the second after which another machine is asked
def test_a_reader_on_another_machine_is_seen_and_nothing_stays_there(sshd, tmp_path, wait_until):
    """By a connection of its own, which ends with the look."""
    dump = tmp_path / "a dump"
    dump.write_bytes(bytes(SIZE))
    with open_machine(sshd.host()) as machine, reader(dump, dump):
        told = told_until(machine, dump, wait_until)
    assert 3_000_000 <= told[0][0] < SIZE
    watching = ["pgrep", "-f", f"while echo.*{tmp_path}"]
    wait_until(lambda: subprocess.run(watching, check=False, capture_output=True).returncode == 1, "its end")


def test_a_short_look_at_another_machine_asks_nothing(sshd, tmp_path, monkeypatch):
    """Most dumps are read before it would have begun."""
    told, asked = [], []
    monkeypatch.setattr(reading, "_asked", lambda *_: asked.append(1))
    with (
        open_machine(sshd.host()) as machine,
        reading.watched(machine, str(tmp_path), 10, lambda *one: told.append(one)),
    ):
        pass
    assert (told, asked) == ([(10, 10)], [])
