"""What the checks of a service that stays, and of its port, say; and when they stay silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasegate.checks.staying import port_is_its_own, service_stays
from releasegate.core import Verdict
from releasegate.core.facts.services import Listener, PortFacts, ServiceFacts, ServiceStay
from releasegate.probes.services.ports import family_of, port_of

BEGAN = datetime(2025, 11, 4, 3, 0, tzinfo=UTC)
UP = ServiceFacts(
    part="backend", name="inbox", manager="pm2", state="online", is_there=True, is_running=True, since=BEGAN,
    restarts=0, pid=4711, seen_with="pm2 describe inbox",
)  # fmt: skip
PORT = PortFacts(
    part="backend", port=3000, is_told=True, listeners=(Listener(port=3000, pid=4711, command="node"),),
    family=frozenset({4711, 4712}), seen_with="ss -ltnp",
)  # fmt: skip
OTHER = Listener(port=3000, pid=99, command="node")


def stays(first=UP, second=UP, apart_s=3.2):
    stay = ServiceStay(first=first, second=second, apart_s=apart_s)
    return service_stays("backend/service-stays", stay, 3, "runbook 2.4")


def port(facts):
    return port_is_its_own("backend/port", facts, "runbook 2.4")


def test_the_same_process_at_both_looks_passes():
    judgement = stays()
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.PASS,
        "backend: the same process, online, 3.2 s later",
    )


def test_another_process_at_the_second_look_is_a_finding():
    (finding,) = stays(second=replace(UP, pid=4799)).findings
    assert str(finding) == (
        "backend/service-stays: backend (inbox)\n"
        "  want: the process that ran 3.2 s before (runbook 2.4)\n"
        "  have: another process, 4799, in place of 4711\n"
        "  why:  a service that ends and is started again looks up in between, and drops what it was doing\n"
        "  fix:  read the lines before each start in its log; mend the cause, or go back as the runbook says\n"
        "  run:  pm2 describe inbox"
    )


@pytest.mark.parametrize(
    ("second", "have"),
    [
        (replace(UP, is_running=False, state="errored"), "errored"),
        (replace(UP, restarts=2), "pm2 counts 2 restarts in between"),
        (replace(UP, pid=None, since=BEGAN + timedelta(seconds=3)), "another process, None, in place of 4711"),
    ],
)
def test_what_ended_in_between_is_a_finding(second, have):
    (finding,) = stays(second=second).findings
    assert finding.have == have


def test_several_instances_may_change_the_one_that_is_listed_first():
    many = replace(UP, instances=4)
    assert stays(many, replace(many, pid=4712)).verdict is Verdict.PASS


def test_a_start_that_is_told_to_the_second_is_the_same_start():
    assert stays(second=replace(UP, since=BEGAN + timedelta(seconds=1))).verdict is Verdict.PASS


def test_restarts_from_before_are_a_warning():
    crashed = replace(UP, restarts=3)
    judgement = stays(crashed, crashed)
    assert judgement.verdict is Verdict.WARN
    assert judgement.findings[0].have == "pm2 counts 3 restarts"


def test_two_looks_too_near_each_other_are_inconclusive():
    assert stays(apart_s=0.4).verdict is Verdict.INCONCLUSIVE


def test_a_service_that_was_down_from_the_beginning_is_told_elsewhere():
    assert stays(first=replace(UP, is_running=False)).verdict is Verdict.INCONCLUSIVE


def test_a_service_that_nobody_manages_does_not_apply():
    assert stays(first=replace(UP, unmanaged="serverless", is_running=False)).verdict is Verdict.NOT_APPLICABLE


def test_a_port_that_the_service_listens_on_passes():
    assert port(PORT).verdict is Verdict.PASS
    child = replace(PORT, listeners=(Listener(port=3000, pid=4712, command="node"),))
    assert port(child).verdict is Verdict.PASS


def test_a_port_that_another_process_has_is_a_finding():
    (finding,) = port(replace(PORT, listeners=(OTHER,))).findings
    assert str(finding) == (
        "backend/port: port 3000 of the backend\n"
        "  want: the backend listens there, and nothing else (runbook 2.4)\n"
        "  have: node (99) listens there, which the backend did not start\n"
        "  why:  requests are answered by something else than what was deployed, an older process for example\n"
        "  fix:  find out what it is (ps -fp 99), end it, restart the backend, then run this gate again\n"
        "  run:  ss -ltnp"
    )


def test_another_process_beside_the_service_is_a_finding():
    assert port(replace(PORT, listeners=(*PORT.listeners, OTHER))).verdict is Verdict.FAIL


def test_a_url_that_leads_to_a_service_which_listens_nowhere_is_a_finding():
    assert port(replace(PORT, is_told=False, listeners=(OTHER,))).verdict is Verdict.FAIL


def test_a_proxy_in_front_of_the_service_does_not_apply():
    """The URL's port is nginx's, and the service has one of its own."""
    own = Listener(port=3999, pid=4711, command="node")
    proxied = replace(PORT, is_told=False, listeners=(replace(OTHER, command="nginx"), own))
    judgement = port(proxied)
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        "port 3000 is nginx's, in front of port 3999 of the service",
    )


@pytest.mark.parametrize(
    "facts",
    [
        None,
        replace(PORT, listeners=()),
        replace(PORT, listeners=(Listener(port=3000),)),
        replace(PORT, listeners=(Listener(port=4000, pid=99, command="sshd"),)),
    ],
)
def test_a_port_of_which_nothing_is_known_does_not_apply(facts):
    assert port(facts).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("command", ["docker-proxy", "systemd"])
def test_what_forwards_to_the_service_passes(command):
    assert port(replace(PORT, listeners=(replace(OTHER, command=command),))).verdict is Verdict.PASS


def test_a_family_is_what_began_it_and_what_it_began():
    """Siblings are none of it, and the first process of all belongs to everybody."""
    parents = {10: 1, 20: 10, 30: 20, 31: 20, 40: 30, 99: 10}
    assert family_of(30, parents) == {10, 20, 30, 40}
    assert family_of(20, parents) == {10, 20, 30, 31, 40}


@pytest.mark.parametrize(
    ("told", "url", "address", "port"),
    [
        (3000, None, "ssh://root@h", 3000),
        (None, "http://localhost:3000", "local", 3000),
        (None, "http://localhost:3000", "ssh://root@h", None),
        (None, "https://inbox.example:8443", "local", None),
        (None, "http://127.0.0.1", "local", None),
        (None, None, "local", None),
    ],
)
def test_a_port_is_the_one_told_or_that_of_a_url_on_this_machine(told, url, address, port):
    assert port_of(told, url, address) == port
