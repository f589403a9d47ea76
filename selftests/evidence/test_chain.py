"""The chain survives whatever happens to its writer."""

from __future__ import annotations

import math
import os
import random
import shutil
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure
from releasegate.core.redaction import redactor
from releasegate.evidence import Chain, Folder, Kind, read

ENDLESS_WRITER = """
import sys
from pathlib import Path
from releasegate.evidence import Chain, Folder, Kind
with Chain.open(Folder(Path(sys.argv[1]))) as chain:
    while True:
        event = chain.append(Kind.MEASURE, "g", "g/c", value="x" * 3000)
        print(event.seq, event.digest, flush=True)
"""


def test_a_line_holds_sorted_keys_without_spaces_and_the_hash_of_the_line_before(folder, clock):
    """An event is one canonical line of UTF-8."""
    with Chain.open(folder, clock=clock) as chain:
        first = chain.append(Kind.ATTEST, "preflight", item="équipe", by="Ana")
        chain.append(Kind.GAP)
    lines = folder.events.read_text(encoding="utf-8").splitlines()
    assert lines[0] == (
        '{"check":"","gate":"preflight","kind":"attest","payload":{"by":"Ana","item":"équipe"},'
        f'"prev":"{"0" * 64}","seq":1,"time":"2025-11-03T02:00:00.000Z"}}'
    )
    assert f'"prev":"{first.digest}"' in lines[1]


@pytest.mark.parametrize(
    "value",
    [math.nan, -math.inf, "\udc80 lone", "\x00\x1b[31m\u202e\u2028", {1: (2, {3})}, b"bytes", Path("/x"), None, 1e300],
)
def test_any_value_can_be_recorded(folder, value):
    """A payload never breaks the chain, whatever a deployment answered."""
    with Chain.open(folder) as chain:
        chain.append(Kind.MEASURE, "g", "g/c", value=value)
    history = read(folder)
    assert not history.problems
    assert len(history.events) == 1


def test_a_long_text_is_cut_and_the_cut_is_stated(folder):
    """Ten megabytes in one text leave a line that says how much is missing."""
    with Chain.open(folder) as chain:
        event = chain.append(Kind.MEASURE, value="x" * 10_000_000)
    assert event.payload["value"].endswith("[cut: 200000 of 10000000 characters are shown]")


def test_secrets_are_masked_before_they_are_hashed(folder):
    """A registered secret is in no file of the folder."""
    redactor.register("correct-horse-battery")
    with Chain.open(folder) as chain:
        chain.append(Kind.STEP, command="login correct-horse-battery", who="ana@example.com")
        chain.keep(b"token correct-horse-battery", "trace.har")
        chain.keep("pröof correct-horse-battery".encode() + b"\xff", "no-suffix")
    written = b"".join(path.read_bytes() for path in folder.root.rglob("*") if path.is_file())
    assert b"correct-horse" not in written
    assert b"ana@example.com" not in written
    assert not read(folder).problems


def test_a_blob_is_named_by_its_hash_and_kept_once(folder):
    """The same bytes are one file."""
    with Chain.open(folder) as chain:
        first, second = chain.keep(b"\x89PNG", "a.png"), chain.keep(b"\x89PNG", "b.PNG")
    assert first == second
    assert first.startswith("blobs/")
    assert [path.name for path in folder.blobs.iterdir()] == [first.removeprefix("blobs/")]


@pytest.mark.parametrize("kills", [24, pytest.param(200, marks=pytest.mark.everything)])
def test_a_writer_killed_at_any_moment_loses_nothing_it_had_acknowledged(folder, kills):
    """After each kill -9 the chain holds every event that was reported as written, and goes on."""
    rng = random.Random(7)  # noqa: S311 - the same moments in every run
    for _ in range(kills):
        acknowledged = _write_and_kill(folder.root, after_s=rng.uniform(0.0, 0.05))
        with Chain.open(folder) as chain:
            chain.append(Kind.ATTEST, item="after the kill")
        history = read(folder)
        assert not history.problems
        assert history.cut_bytes == 0
        written = {event.seq: event.digest for event in history.events}
        assert acknowledged.items() <= written.items()


def _write_and_kill(root: Path, *, after_s: float) -> dict[int, str]:
    writer = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, str(root)], stdout=subprocess.PIPE, text=True)
    first = writer.stdout.readline()
    time.sleep(after_s)
    writer.kill()
    rest, _ = writer.communicate()
    whole = [line for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]
    return {int(line.split()[0]): line.split()[1] for line in whole}


def test_a_chain_cut_at_any_byte_of_its_last_two_lines_is_carried_on(folder, tmp_path):
    """Whatever is left of a cut line is kept aside, and the chain says how many bytes do not count."""
    with Chain.open(folder) as chain:
        for number in range(3):
            chain.append(Kind.ATTEST, item=f"item-{number}", by="Ana")
    data = folder.events.read_bytes()
    lines = data.splitlines(keepends=True)
    for size in range(len(lines[0]), len(data)):
        cut = Folder(tmp_path / "cut" / str(size))
        cut.root.mkdir(parents=True)
        cut.events.write_bytes(data[:size])
        _assert_carried_on(cut, data[:size])


def _assert_carried_on(folder: Folder, left: bytes) -> None:
    partial = left.rpartition(b"\n")[2]
    assert read(folder).cut_bytes == len(partial)
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, item="later", by="Ana")
    history = read(folder)
    assert not history.problems
    assert history.cut_bytes == 0
    gaps = [event for event in history.events if event.kind is Kind.GAP]
    assert len(gaps) == len([event for event in history.events if event.kind is Kind.RESUME]) == bool(partial)
    if gaps and gaps[0].payload["lost_bytes"]:
        assert gaps[0].payload["lost_bytes"] == len(partial)
        assert (folder.root / gaps[0].payload["partial"]).read_bytes() == partial


def test_a_recovery_killed_half_way_is_recovered(folder):
    """A gap written over a longer cut line leaves another cut line, never a lost one."""
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, item="a")
    whole = folder.events.read_bytes()
    folder.events.write_bytes(whole + b'{"half":' + b"x" * 5000)
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, item="b")
    gap = folder.events.read_bytes().splitlines(keepends=True)[1]
    folder.events.write_bytes(whole + gap + b"x" * (5000 - len(gap)))  # killed before the file was shortened
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, item="c")
    assert not read(folder).problems
    assert [event.kind for event in read(folder).events] == [
        Kind.ATTEST, Kind.GAP, Kind.GAP, Kind.RESUME, Kind.ATTEST,
    ]  # fmt: skip


def test_a_second_writer_waits_and_then_names_the_first(folder):
    """Two writers never mix; the one that gives up says who holds the chain."""
    with Chain.open(folder) as chain:
        chain.append(Kind.START, "perf")
        with pytest.raises(CannotMeasure) as error, Chain.open(folder, wait_s=0.1):
            pass
    assert str(error.value) == (
        f"{folder.root}: another process is at work there (pid {os.getpid()}, gate perf); waited 0.1 s; "
        "begin again when it has ended"
    )


def test_writers_take_turns(folder):
    """Eight threads that open, write and close leave one unbroken chain."""

    def write(number: int) -> None:
        with Chain.open(folder) as chain:
            chain.append(Kind.ATTEST, item=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    history = read(folder)
    assert not history.problems
    assert {event.payload["item"] for event in history.events} == set(map(str, range(24)))


def test_a_reader_needs_no_lock(folder):
    """What was written so far can be read while the writer still holds the chain."""
    with Chain.open(folder) as chain:
        chain.append(Kind.ATTEST, item="a")
        assert read(folder).attested("a")


def test_run_folders_never_collide(folder):
    """Runs that begin at once get different numbers."""
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(folder.new_run, ["perf", "smoke"] * 10))
    assert sorted(int(run.name.partition("-")[0]) for run in runs) == list(range(1, 21))


def test_a_file_that_may_not_grow_is_one_clear_sentence_and_a_whole_chain(folder):
    """What was recorded stays when the system refuses more."""
    script = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from releasegate.core import CannotMeasure
        from releasegate.evidence import Chain, Folder, Kind
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        with Chain.open(Folder(Path(sys.argv[1]))) as chain:
            try:
                for number in range(1000):
                    chain.append(Kind.MEASURE, value="x" * 300)
            except CannotMeasure as error:
                print(error, chain.head.seq, sep="|")
    """)
    done = subprocess.run([sys.executable, "-c", script, str(folder.root)], capture_output=True, text=True, check=True)
    sentence, seq = done.stdout.strip().split("|")
    assert sentence == f"{folder.events}: cannot be written: File too large"
    history = read(folder)
    assert (len(history.events), history.cut_bytes, history.problems) == (int(seq), 0, ())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk to fill")
def test_a_full_disk_is_one_clear_sentence_and_a_whole_chain(tmp_path):
    """A chain on a disk without space says so, and what it holds can be read."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        [shutil.which("mount"), "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this machine lets nobody mount: {mounted.stderr.decode().strip()}")
    try:
        folder = Folder(disk / "reports")
        with Chain.open(folder) as chain:
            with pytest.raises(CannotMeasure, match=r"events\.jsonl: cannot be written: No space left"):
                _fill(chain)
            with pytest.raises(CannotMeasure, match="No space left"):
                chain.keep(b"x" * 100_000, "a.txt")
        history = read(folder)
        assert (len(history.events), history.cut_bytes, history.problems) == (chain.head.seq, 0, ())
        assert not list(folder.blobs.glob(".writing-*"))
    finally:
        subprocess.run([shutil.which("umount"), disk], check=True)


def test_a_folder_that_cannot_exist_is_one_clear_sentence(tmp_path):
    """Evidence below a file is refused with the system's reason."""
    (tmp_path / "file").write_text("")
    folder = Folder(tmp_path / "file" / "reports")
    with pytest.raises(CannotMeasure, match="cannot be written: Not a directory"), Chain.open(folder):
        pass


def _fill(chain: Chain) -> None:
    for _ in range(1000):
        chain.append(Kind.MEASURE, value="x" * 300)
