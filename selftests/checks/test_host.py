"""What the machine checks say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.checks.host import clocks_agree, disks_have_room, machine_answers
from releasegate.core import Verdict
from releasegate.core.facts.host import ClockFacts, DiskFacts, HostFacts

HOST = HostFacts(address="ssh://deploy@prod", hostname="prod-1", user="deploy", system="Linux 6.1")


def disk(mount="/", free_bytes=10_000_000_000, free_inodes: int | None = 1_000, path="/var/backups"):
    return DiskFacts(
        path=path, looked_at=path, mount=mount, total_bytes=10**12, free_bytes=free_bytes, free_inodes=free_inodes
    )


def clock(ahead_s, uncertainty_s=0.0):
    return ClockFacts(whose="prod-1", ahead_s=ahead_s, uncertainty_s=uncertainty_s)


def test_a_machine_that_answers_passes():
    judgement = machine_answers("preflight/host-reachable", HOST, None)
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "prod-1 (Linux 6.1) answers as deploy")


def test_the_pinned_machine_passes():
    assert machine_answers("preflight/host-reachable", HOST, "prod-1").verdict is Verdict.PASS


def test_another_machine_than_the_pinned_one_is_a_finding():
    judgement = machine_answers("preflight/host-reachable", HOST, "prod-2")
    (finding,) = judgement.findings
    assert str(finding) == (
        "preflight/host-reachable: ssh://deploy@prod\n"
        "  want: the machine called prod-2 (target [fingerprint] host)\n"
        "  have: a machine called prod-1 answers\n"
        "  why:  the gate would look at another deployment than the one that is released\n"
        "  fix:  correct [host] address, or [fingerprint] host where the machine was renamed or made anew"
    )


def test_another_machine_of_the_pinned_name_is_a_finding():
    twin = replace(HOST, machine_id="0123456789abcdef")
    judged = machine_answers("preflight/host-reachable", twin, "prod-1", "fedcba9876543210")
    (finding,) = judged.findings
    assert (judged.verdict, finding.want, finding.have) == (
        Verdict.FAIL,
        "the machine with the id fedcba9876543210 (target [fingerprint] machine_id)",
        "a machine with the id 0123456789abcdef answers",
    )


def test_a_machine_of_the_pinned_id_passes_and_one_without_an_id_is_undecided():
    twin = replace(HOST, machine_id="0123456789abcdef")
    assert machine_answers("preflight/host-reachable", twin, None, "0123456789abcdef").verdict is Verdict.PASS
    judged = machine_answers("preflight/host-reachable", HOST, "prod-1", "0123456789abcdef")
    assert judged.verdict is Verdict.INCONCLUSIVE


def test_a_machine_without_a_name_is_inconclusive():
    nameless = HostFacts(address="local", hostname="", user="", system="")
    assert machine_answers("preflight/host-reachable", nameless, None).verdict is Verdict.INCONCLUSIVE


def test_a_disk_with_exactly_the_promised_room_passes():
    judgement = disks_have_room("preflight/free-disk", [disk()], 10, "runbook prerequisites 3")
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "free: / 10.0 GB")


def test_a_disk_with_less_room_is_a_finding():
    (finding,) = disks_have_room(
        "preflight/free-disk", [disk(free_bytes=9_900_000_000)], 10, "runbook prerequisites 3"
    ).findings
    assert str(finding) == (
        "preflight/free-disk: / (for /var/backups)\n"
        "  want: at least 10.0 GB free (runbook prerequisites 3)\n"
        "  have: 9.9 GB free\n"
        "  why:  a dump, a build or an index that finds no room stops half way, and a full disk stops the database\n"
        "  fix:  make room (old dumps, images, logs), or name the disk where the release really writes in [paths]"
        " disk\n"
        "  run:  df -h /"
    )


def test_two_paths_on_one_full_disk_are_one_finding():
    full = [disk(free_bytes=0, path="/a"), disk(free_bytes=0, path="/b")]
    assert len(disks_have_room("preflight/free-disk", full, 10, "runbook").findings) == 1


def test_a_disk_without_room_for_new_files_is_a_finding():
    full = [disk(free_inodes=999)]
    (finding,) = disks_have_room("preflight/free-disk", full, 10, "runbook prerequisites 3").findings
    assert (finding.want, finding.have) == (
        "room for at least 1 000 new files (runbook prerequisites 3)",
        "room for 999 new files",
    )


def test_a_file_system_without_a_number_of_files_passes():
    assert disks_have_room("preflight/free-disk", [disk(free_inodes=None)], 10, "runbook").verdict is Verdict.PASS


def test_no_disk_at_all_is_inconclusive():
    assert disks_have_room("preflight/free-disk", [], 10, "runbook").verdict is Verdict.INCONCLUSIVE


def test_a_clock_five_minutes_ahead_is_a_warning():
    judgement = clocks_agree("preflight/clock", [clock(300.4)])
    assert judgement.verdict is Verdict.WARN
    assert str(judgement.findings[0]) == (
        "preflight/clock: clock of prod-1\n"
        "  want: at most 5 s away from the operator's clock (releasegate: evidence compares times)\n"
        "  have: 5 min 00 s ahead of the operator's clock\n"
        "  why:  what began after what (a restart, an error in the log) is read from both clocks\n"
        "  fix:  synchronise the clocks (chrony, systemd-timesyncd) on both machines\n"
        "  run:  date -u"
    )


def test_a_clock_behind_is_said_to_be_behind():
    (finding,) = clocks_agree("preflight/clock", [clock(-61)]).findings
    assert finding.have == "1 min 01 s behind the operator's clock"


@pytest.mark.parametrize("near", [clock(5.0), clock(-5.0), clock(7.0, uncertainty_s=2.5)])
def test_a_clock_within_five_seconds_and_the_uncertainty_passes(near):
    assert clocks_agree("preflight/clock", [near]).verdict is Verdict.PASS


def test_a_target_without_a_machine_and_a_database_has_no_clock_to_judge():
    judged = clocks_agree("perf/clock", [])
    assert (judged.verdict, judged.sentence) == (
        Verdict.NOT_APPLICABLE,
        "0 clocks: the target names neither [host] nor [database]",
    )


GB = 10**9


def room(free_gb, *, is_read_only=False):
    disk = DiskFacts(path="/b", looked_at="/b", mount="/", total_bytes=100 * GB, free_bytes=int(free_gb * GB),
                     is_read_only=is_read_only)  # fmt: skip
    return disks_have_room("preflight/free-disk", [disk], 10, "runbook prerequisites")


def test_a_file_system_that_is_mounted_read_only_is_a_finding():
    judgement = room(50, is_read_only=True)
    assert (judgement.verdict, judgement.findings[0].have) == (Verdict.FAIL, "it is mounted read-only")


def test_how_busy_the_machine_is_stands_beside_its_name():
    host = HostFacts(address="local", hostname="prod-1", user="deploy", system="Linux 6.1", processors=2, load=0.42,
                     memory_bytes=8 * GB, memory_free_bytes=3 * GB)  # fmt: skip
    assert machine_answers("preflight/host-reachable", host, None).sentence == (
        "prod-1 (Linux 6.1) answers as deploy; load 0.4 on 2 processors, 3.0 GB of 8.0 GB memory free"
    )
