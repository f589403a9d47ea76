"""Services under a real Docker engine, a real PM2 and as real processes; systemd has a file of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.core import CannotMeasure, UsageError
from releasegate.probes.services import open_services
from releasegate.probes.services.docker import TROUBLES
from releasegate.probes.services.manager import cannot_ask
from releasegate.target.models import Service, Services


def look(machine, manager, name="backend", **service):
    book = open_services(Services(manager=manager, backend=Service(name=name, **service)), machine)
    return book.look("backend").value


def just_now(moment: datetime) -> bool:
    """Whether a time is of this run: what is misread is off by a time zone."""
    return timedelta(seconds=-2) <= datetime.now(UTC) - moment <= timedelta(minutes=15)


@pytest.fixture
def process():
    """A process that listens on a free port, and the port."""
    listening = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    child = subprocess.Popen([sys.executable, "-c", f"{listening}; time.sleep(60)"], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    yield child, int(child.stdout.readline())
    child.kill()
    child.wait()
    child.stdout.close()


# --- processes ------------------------------------------------------------------------------------------------------


def test_a_process_is_known_by_its_pid_file(here, process, tmp_path: Path):
    """It runs, since just now, and takes memory."""
    child, _ = process
    (tmp_path / "a pid").write_text(f"{child.pid}\n")
    found = look(here, "process", pid_file=str(tmp_path / "a pid"))
    assert (found.is_running, found.pid, found.state) == (True, child.pid, "running")
    assert just_now(found.since)
    assert found.memory_bytes > 1_000_000


def test_what_its_children_take_is_its_own(here, tmp_path: Path):
    """gunicorn, Puma and npm start work in processes that they began; of `exec` there is one alone."""
    script = "x = bytearray(range(200)) * 1_000_000; print(1, flush=True); import time; time.sleep(60)"
    holding = f"{sys.executable} -c '{script}'"
    for command, least, most in ((f"{holding} & wait", 150, 400), ("echo; exec sleep 60", 0, 50)):
        with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, start_new_session=True) as parent:
            assert parent.stdout is not None
            parent.stdout.readline()
            (tmp_path / "pid").write_text(str(parent.pid))
            found = look(here, "process", pid_file=str(tmp_path / "pid"))
            os.killpg(parent.pid, signal.SIGKILL)
        assert least * 1_000_000 < found.memory_bytes < most * 1_000_000


def test_a_process_is_known_by_its_port(here, process):
    """The same process is found through the port that it listens on."""
    child, port = process
    assert look(here, "process", port=port).pid == child.pid


def test_a_process_that_ended_does_not_run(here, process, tmp_path: Path):
    """Its pid file stays, and its state says that the process is gone."""
    child, port = process
    (tmp_path / "pid").write_text(str(child.pid))
    child.kill()
    child.wait()
    gone = look(here, "process", pid_file=str(tmp_path / "pid"))
    assert (gone.is_there, gone.is_running, gone.state) == (True, False, f"process {child.pid} is gone")
    assert look(here, "process", port=port).state == f"no process (port {port})"


def test_a_process_that_nobody_collected_does_not_run(here, tmp_path: Path):
    """A zombie has a pid and runs nothing."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    (tmp_path / "pid").write_text(str(child.pid))
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert look(here, "process", pid_file=str(tmp_path / "pid")).is_running is False
    child.wait()


def test_a_missing_pid_file_is_no_process(here, tmp_path: Path):
    """The path is in the state, so that one sees where was looked."""
    missing = str(tmp_path / "missing.pid")
    assert look(here, "process", pid_file=missing).state == f"no process ({missing})"


def test_a_pid_file_without_a_number_cannot_be_measured(here, tmp_path: Path):
    """It names the file."""
    (tmp_path / "pid").write_text("starting…")
    with pytest.raises(CannotMeasure, match="pid holds no process id"):
        look(here, "process", pid_file=str(tmp_path / "pid"))


def test_a_process_is_known_by_its_command_line(here):
    """Its own processes with the same line are one with it; two that have nothing to do with each other are not."""
    marker = f"marker_{os.getpid()}"
    line = [sys.executable, "-c", f"import time; '{marker}'; time.sleep(60)"]
    one = subprocess.Popen(line)
    try:
        assert look(here, "process", command=rf"{marker}\b").pid == one.pid
        other = subprocess.Popen(line)
        with pytest.raises(CannotMeasure, match="2 processes have a command line with"):
            look(here, "process", command=marker)
        other.kill()
        other.wait()
    finally:
        one.kill()
        one.wait()
    assert look(here, "process", command=marker).state == f"no process (a command line with '{marker}')"


def test_who_listens_on_the_port_is_told(here, process):
    """The process itself, whose family is also what began it."""
    child, port = process
    book = open_services(Services(manager="process", backend=Service(name="b", port=port)), here)
    found = book.port("backend", None).value
    assert [one.pid for one in found.listeners if one.port == port] == [child.pid]
    assert child.pid in found.family
    assert os.getpid() in found.family


def test_two_looks_at_a_process_that_stays_are_alike(here, process):
    """And of one that ended in between the second says so."""
    child, port = process
    book = open_services(Services(manager="process", steady_for="1s", backend=Service(name="b", port=port)), here)
    stay = book.stays("backend").value
    assert (stay.first.pid, stay.second.pid, stay.apart_s >= 1) == (child.pid, child.pid, True)
    child.kill()
    child.wait()
    assert book.stays("backend").value.second.is_running is False


def test_a_process_without_pid_file_command_and_port_is_a_usage_error(here):
    """The message says which keys are accepted."""
    with pytest.raises(UsageError, match="needs pid_file, command or port"):
        look(here, "process")


def test_services_that_nobody_manages_are_told_with_the_reason(here):
    """`none` asks nobody, and the target's reason stands in the facts."""
    book = open_services(Services(manager="none", reason="serverless"), here)
    assert book.look("backend").value.unmanaged == "serverless"


# --- Docker ---------------------------------------------------------------------------------------------------------


def test_a_container_that_runs_is_told_with_image_and_start(here, docker):
    """Its name or its compose service lead to it, and its environment is never asked for."""
    docker("run", "-d", "--network=host", "--name=shop-api-1", "--label=com.docker.compose.service=api",
           "--env=TOKEN=very-secret", "box:1", "/bin/sleep", "600")  # fmt: skip
    found = look(here, "docker", "shop-api-1")
    assert (found.state, found.is_running, found.restarts, found.health) == ("running", True, 0, "")
    assert found.version.startswith("box:1 (")
    assert just_now(found.since)
    assert just_now(found.built)
    assert look(here, "docker", "api").pid == found.pid
    assert not [ran for ran in here.ran if "very-secret" in ran.stdout]


def test_a_name_that_docker_does_not_know_has_nearest_names(here, docker):
    """It is a fact, not a trouble of the probe."""
    docker("run", "-d", "--network=host", "--name=inbox-backend", "box:1", "/bin/sleep", "600")
    found = look(here, "docker", "inbox-bakend")
    assert (found.is_there, found.is_running) == (False, False)
    assert found.nearest[0] == "inbox-backend"


def test_a_container_that_ended_does_not_run(here, docker, wait_until):
    """Its state is Docker's own word."""
    docker("run", "-d", "--network=host", "--name=ended", "box:1", "/bin/false")
    wait_until(lambda: look(here, "docker", "ended").state == "exited", "the end of the container")
    assert look(here, "docker", "ended").is_running is False


def test_a_container_that_crashes_again_and_again_counts_its_restarts(here, docker, wait_until):
    """Between two crashes it may look as if it ran; the number of restarts does not."""
    docker("run", "-d", "--network=host", "--name=crashing", "--restart=always", "box:1", "/bin/false")
    wait_until(lambda: (look(here, "docker", "crashing").restarts or 0) >= 2, "the second crash")
    docker("rm", "--force", "crashing")


@pytest.mark.parametrize(("command", "health"), [("true", "healthy"), ("/bin/false", "unhealthy")])
def test_a_container_s_health_is_its_health_check_s(here, docker, wait_until, command, health):
    """Docker's own health check is told in Docker's own words."""
    name = f"is-{health}"
    docker("run", "-d", "--network=host", f"--name={name}", f"--health-cmd={command}", "--health-interval=1s",
           "--health-retries=1", "box:1", "/bin/sleep", "600")  # fmt: skip
    wait_until(lambda: look(here, "docker", name).health == health, f"{name}")
    assert look(here, "docker", name).is_running is True


def test_two_containers_of_one_compose_service_have_to_be_told_apart(here, docker):
    """The message names both."""
    for number in (1, 2):
        docker("run", "-d", "--network=host", f"--name=shop-web-{number}",
               "--label=com.docker.compose.service=web", "box:1", "/bin/sleep", "600")  # fmt: skip
    with pytest.raises(CannotMeasure, match=r"2 containers .* 'web' \(shop-web-1, shop-web-2\)"):
        look(here, "docker", "web")


def test_a_compose_project_tells_services_of_one_name_apart(here, docker):
    """Its name in [services] leads to the container of that project."""
    for project in ("shop", "blog"):
        docker("run", "-d", "--network=host", f"--name={project}-db-1", "--label=com.docker.compose.service=db",
               f"--label=com.docker.compose.project={project}", "box:1", "/bin/sleep", "600")  # fmt: skip
    with pytest.raises(CannotMeasure, match="or their project"):
        look(here, "docker", "db")
    found = look(here, "docker", "db", project="blog")
    assert (found.project, found.is_running) == ("blog", True)
    assert docker("inspect", "--format", "{{.State.Pid}}", "blog-db-1") == str(found.pid)


@pytest.mark.usefixtures("docker")
def test_a_docker_that_does_not_run_cannot_be_asked(here, monkeypatch, tmp_path: Path):
    """The sentence says that the daemon is not there, not that the container is."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(CannotMeasure, match="the Docker daemon does not run"):
        look(here, "docker")


@pytest.mark.usefixtures("docker")
def test_a_user_without_the_right_to_docker_is_told_so(here):
    """A socket that may not be used is another sentence than a daemon that is not there."""
    as_nobody = ["env", f"DOCKER_HOST={os.environ['DOCKER_HOST']}", "setpriv", "--reuid=nobody", "--clear-groups"]
    ran = here.run([*as_nobody, "docker", "ps"])
    refused = cannot_ask(here, ["docker", "ps"], ran, TROUBLES)
    assert "this user may not use Docker's socket" in str(refused)


# --- PM2 ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def script(tmp_path: Path):
    def script(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return script


def test_a_pm2_process_that_runs_is_online(here, pm2, script):
    """It is told with start, pid and memory."""
    pm2("start", script("up.js", "setInterval(() => {}, 1000)"), "--name", "inbox-api")
    found = look(here, "pm2", "inbox-api")
    assert (found.state, found.is_running, found.restarts, found.instances) == ("online", True, 0, 1)
    assert just_now(found.since)
    assert found.pid


def test_a_pm2_process_that_cannot_start_is_errored(here, pm2, script, wait_until):
    """PM2 gives up after its restarts."""
    pm2("start", script("dies.js", "process.exit(3)"), "--name", "dies", "--max-restarts", "2")
    wait_until(lambda: look(here, "pm2", "dies").state == "errored", "PM2 giving up")
    assert look(here, "pm2", "dies").is_running is False


def test_a_pm2_process_that_crashes_again_and_again_counts_its_crashes(here, pm2, script, wait_until):
    """Between two crashes it is online; the number of crashes tells."""
    pm2("start", script("loops.js", "setTimeout(() => process.exit(3), 300)"), "--name", "loops")
    wait_until(lambda: (look(here, "pm2", "loops").restarts or 0) >= 1, "the first crash")
    pm2("delete", "loops")


def test_a_restart_by_hand_is_no_crash(here, pm2, script):
    """`pm2 restart`, as the runbook does it, begins anew and counts nothing."""
    pm2("start", script("again.js", "setInterval(() => {}, 1000)"), "--name", "again")
    before = look(here, "pm2", "again").since
    time.sleep(1)
    pm2("restart", "again")
    after = look(here, "pm2", "again")
    assert after.since > before
    assert after.restarts == 0


def test_the_port_of_a_second_instance_is_the_service_s_own(here, pm2, script, wait_until):
    """PM2 runs a service several times; whichever of them listens is no stranger."""
    listens = "const p = Number(process.env.NODE_APP_INSTANCE);"
    listens += "require('net').createServer().listen(p ? Number(process.env.PORT) : 0, '127.0.0.1')"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = {"name": "several", "script": script("several.js", listens), "instances": 2, "exec_mode": "fork"}
    pm2("start", script("several.config.json", json.dumps({"apps": [{**config, "env": {"PORT": str(port)}}]})))
    book = open_services(Services(manager="pm2", backend=Service(name="several", port=port)), here)
    wait_until(lambda: [one for one in book.port("backend", None).value.listeners if one.port == port], "the listener")
    ports = book.port("backend", None).value
    (listener,) = [one for one in ports.listeners if one.port == port]
    assert listener.pid in ports.family
    pm2("delete", "several")


def test_a_name_that_pm2_does_not_know_has_nearest_names(here, pm2, script):
    """The names that PM2 does know are listed."""
    pm2("start", script("near.js", "setInterval(() => {}, 1000)"), "--name", "near-by")
    found = look(here, "pm2", "nearby")
    assert (found.is_there, found.nearest[0]) == (False, "near-by")


@pytest.mark.usefixtures("pm2")
def test_looking_starts_no_pm2(here, monkeypatch, tmp_path: Path):
    """Where no daemon runs the probe says so, and none runs afterwards."""
    monkeypatch.setenv("PM2_HOME", str(tmp_path / "home"))
    with pytest.raises(CannotMeasure, match="no PM2 daemon runs for "):
        look(here, "pm2")
    assert not (tmp_path / "home").exists()
