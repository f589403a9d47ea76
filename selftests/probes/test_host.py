"""The machine, here and behind a real ssh server; names that a shell would take apart."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure, UsageError
from releasegate.probes.host import Machine, clock, disks, host_facts, open_machine
from releasegate.target.models import Host

HOSTILE = ["a b.dump", "q'uo\"te.dump", "new\nline.dump", "$(touch x).dump", "; rm x.dump", "é%s.dump", "-rf.dump"]


@pytest.fixture(params=["local", "ssh"])
def machine(request):
    """The same machine, once asked directly and once through ssh."""
    host = Host(address="local") if request.param == "local" else request.getfixturevalue("sshd").host()
    with open_machine(host) as opened:
        yield opened


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_one_argument(machine: Machine, tmp_path: Path, name: str):
    """A name that a shell would take apart is found, read and left alone."""
    (tmp_path / name).write_text("kept")
    assert machine.glob(f"{tmp_path}/*.dump") == [str(tmp_path / name)]
    assert machine.read(["cat", "--", str(tmp_path / name)]) == "kept"
    found = machine.stat(str(tmp_path / name))
    assert found is not None
    assert (found.size_bytes, found.is_folder) == (4, False)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_pattern_with_blanks_and_wildcards_finds_only_what_fits(machine: Machine, tmp_path: Path):
    """Wildcards work in a folder whose name has a blank, and links to nowhere are not found."""
    folder = tmp_path / "two words"
    folder.mkdir()
    for name in ("db_1.dump", "db_2.dump", "other.txt"):
        (folder / name).write_text("")
    (folder / "db_3.dump").symlink_to("nowhere")
    assert [Path(path).name for path in machine.glob(f"{folder}/db_?.dump")] == ["db_1.dump", "db_2.dump"]


def test_what_is_not_there_is_none(machine: Machine, tmp_path: Path):
    """A missing file, and one below a file, are nothing; a pattern without a match finds nothing."""
    (tmp_path / "file").write_text("")
    assert machine.stat(str(tmp_path / "missing")) is None
    assert machine.stat(str(tmp_path / "file" / "below")) is None
    assert machine.glob(f"{tmp_path}/*.dump") == []


def test_a_file_s_facts_are_those_of_the_system(machine: Machine, tmp_path: Path):
    """Size, time in UTC, mode and owner come from the file that a link leads to."""
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    file.chmod(0o640)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    (tmp_path / "link").symlink_to(file)
    found = machine.stat(str(tmp_path / "link"))
    assert found is not None
    assert (found.size_bytes, found.mode) == (5, "640")
    assert found.modified == datetime.fromtimestamp(1_700_000_000, UTC)


def test_the_home_folder_stands_for_a_tilde(machine: Machine):
    """`~/x` is below the home folder of whoever is logged in."""
    assert machine.path("~/x") == f"{machine.home}/x"
    assert machine.path("/a/~/x") == "/a/~/x"


def test_free_space_of_a_folder_that_is_yet_to_be_made_is_its_parent_s(machine: Machine, tmp_path: Path):
    """The nearest folder that exists is looked at, and said to be."""
    found = machine.free_disk(str(tmp_path / "to" / "come"))
    space = os.statvfs(tmp_path)
    assert found.looked_at == str(tmp_path)
    assert abs(found.free_bytes - space.f_bavail * space.f_frsize) < 2_000_000_000
    assert found.total_bytes == space.f_blocks * space.f_frsize


def test_a_clock_is_compared_with_the_operator_s(machine: Machine):
    """This machine's clock is the operator's, within what the round trip leaves open."""
    skew = machine.clock()
    assert abs(skew.ahead_s) <= skew.uncertainty_s + 0.05


def test_every_command_is_kept(machine: Machine):
    """A measurement names the commands that it was made of, and the machine keeps all of them."""
    measured = disks(machine, ["/"])
    assert "df -P -k -- /" in measured.query.splitlines()
    assert set(measured.query.splitlines()) <= {ran.command for ran in machine.ran}


def test_facts_of_the_host_are_measured(machine: Machine):
    """Its name, its user and its system are told; its id is not, only a hash of it."""
    measured = host_facts(machine)
    assert measured.value.hostname == os.uname().nodename
    assert measured.rows == 1
    secret = Path("/etc/machine-id").read_text().strip() if Path("/etc/machine-id").exists() else "no id"
    assert secret not in str(measured)
    assert clock(machine).unit == "clocks"


def test_a_missing_program_cannot_be_measured_with(machine: Machine):
    """The message names the program, and the command to try by hand."""
    with pytest.raises(CannotMeasure, match="there is no program 'no-such-program'") as caught:
        machine.read(["no-such-program", "a b"])
    assert "no-such-program" in caught.value.run


def test_a_command_that_hangs_is_ended(machine: Machine):
    """A command that takes longer than its budget cannot be measured with."""
    with pytest.raises(CannotMeasure, match="no answer within 1 s"):
        machine.run(["sleep", "30"], longest_s=1)


def test_output_that_is_no_utf_8_is_read_all_the_same(machine: Machine):
    """Bytes that are no text do not end a gate."""
    assert machine.read(["printf", r"a\377b"]) == "a�b"


@pytest.mark.parametrize(
    ("how", "meaning"),
    [
        ({"identity": "stranger"}, "it accepts neither this user nor this key"),
        ({"user": "nobody-by-that-name"}, "it accepts neither this user nor this key"),
        ({"identity": "missing"}, "the private key named as [host] ssh_identity cannot be read"),
        ({"known": "known-nobody"}, "its host key is not in known_hosts; connect once by hand and compare it"),
        ({"known": "known-other"}, "its host key is not the one in known_hosts; ask why before you connect"),
    ],
)
def test_each_trouble_of_a_connection_has_its_own_sentence(sshd, how, meaning):
    """A wrong key, user or host key each says what is wrong, and the command to try by hand."""
    host = sshd.host(**how)
    with pytest.raises(CannotMeasure) as caught, open_machine(host):
        pass
    assert str(caught.value).startswith(f"{host.address}: {meaning} (ssh said: ")
    assert caught.value.run.startswith("ssh -F ")


def test_a_key_that_others_may_read_is_refused_with_the_reason(sshd):
    """OpenSSH ignores such a key, and the message says so instead of speaking of permission alone."""
    key = sshd.folder / "open"
    key.write_bytes((sshd.folder / "id").read_bytes())
    key.chmod(0o644)
    host = sshd.host(identity="open")
    with pytest.raises(CannotMeasure, match="others may read the private key"), open_machine(host):
        pass


def test_a_closed_port_and_an_unknown_name_are_told_apart(sshd):
    """Nothing listens there, and there is no such host, are different sentences."""
    with pytest.raises(CannotMeasure, match="nothing listens on that port"), open_machine(sshd.host(port=1)):
        pass
    nowhere = Host(address="ssh://root@nowhere.invalid")
    with pytest.raises(CannotMeasure, match="there is no such host name"), open_machine(nowhere):
        pass


def test_one_connection_is_shared_and_closed_at_the_end(sshd, wait_until):
    """However many commands run, the server sees one login, and none is left when the machine is closed."""
    logins, ends = _logged(sshd, "Accepted publickey"), _logged(sshd, "Disconnected from user")
    with open_machine(sshd.host()) as machine:
        for _ in range(3):
            machine.read(["true"])
        assert _logged(sshd, "Accepted publickey") == logins + 1
    wait_until(lambda: _logged(sshd, "Disconnected from user") == ends + 1, "the end of the connection")


def _logged(sshd, words: str) -> int:
    return (sshd.folder / "log").read_text().count(words)


@pytest.mark.parametrize(
    "address", ["ssh://root:hunter22@host", "ssh://-oProxyCommand=x", "ssh://host:port", "ssh://@"]
)
def test_an_address_that_is_unsafe_or_none_is_a_usage_error(address):
    """It is refused before anything is run, and a password in it is not shown again."""
    with pytest.raises(UsageError, match=r"^host\.address: ") as caught, open_machine(Host(address=address)):
        pass
    assert "hunter22" not in str(caught.value)


@pytest.fixture
def small(tmp_path: Path):
    """A real file system of 64 kB with room for a few files, where one may mount one."""
    folder = tmp_path / "a small one"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k,nr_inodes=5", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_file_system_has_no_room_and_no_inodes(machine: Machine, small: Path):
    """What is left is what df says: nothing."""
    before = machine.free_disk(str(small))
    assert (before.mount, before.total_bytes, before.free_inodes, before.is_read_only) == (str(small), 65536, 4, False)
    (small / "large").write_bytes(b"x" * 65536)
    for number in range(3):
        (small / str(number)).touch()
    full = machine.free_disk(str(small / "dumps"))
    assert (full.free_bytes, full.free_inodes) == (0, 0)


def test_a_file_system_that_was_mounted_read_only_is_told(machine: Machine, small: Path):
    """As the kernel does it when a disk fails."""
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    assert machine.free_disk(str(small)).is_read_only is True


def test_variables_of_the_target_reach_every_command():
    """Also one that a shell would take apart; what is pasted by hand has them too."""
    with open_machine(Host(address="local", environment={"PM2_HOME": "/a b/$(id)"})) as machine:
        assert machine.read(["printenv", "PM2_HOME"]) == "/a b/$(id)\n"
        assert machine.by_hand(["pm2", "ls"]) == "env 'PM2_HOME=/a b/$(id)' pm2 ls"


def test_a_moment_is_told_as_the_machine_s_own_clock_does(tmp_path: Path):
    """A clock five minutes ahead: what happened now has a time in five minutes in its logs."""
    (tmp_path / "date").write_text("#!/bin/sh\nPATH=${PATH#*:} exec date -d '5 minutes' \"$@\"\n")
    (tmp_path / "date").chmod(0o755)
    ahead = Host(address="local", environment={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    now = datetime.now(UTC)
    with open_machine(ahead) as machine:
        assert 299 < (machine.on_its_clock(now) - now).total_seconds() < 301
        assert machine.on_its_clock(None) is None
    with open_machine(Host(address="local")) as machine:
        assert abs((machine.on_its_clock(now) - now).total_seconds()) < 1


def test_load_and_memory_are_facts_of_the_host(machine: Machine):
    """As many processors as there are, and some memory left."""
    facts = host_facts(machine).value
    assert facts.processors == len(os.sched_getaffinity(0))
    assert 0 < facts.memory_free_bytes <= facts.memory_bytes
