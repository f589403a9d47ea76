"""The ways back that an operator is shown: commands of this very target, what each loses, and until when."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasegate.change.models import Change
from releasegate.evidence import Chain, Folder, Kind
from releasegate.evidence.chain import read
from releasegate.evidence.history import History
from releasegate.plugin.back.commands import commands
from releasegate.plugin.back.known import Known
from releasegate.plugin.back.ways import Way, shown
from releasegate.plugin.subject import Subject
from releasegate.target.models import Target

NOON = datetime(2025, 11, 3, 12, 0, tzinfo=UTC)
KNOWN = Known(
    commits={"backend": "0a1b2c3", "at /srv/pages": "9f8e7d6"},
    dump="/b/a.dump",
    form="custom",
    dumped=NOON,
    restore_s=95,
)
CONNECTION = "host=db.internal dbname=shop"
STATEMENT = "UPDATE messages SET attachments = '[]';"


def change(**more):
    statement = {"kind": "data", "sql": STATEMENT, "source": "runbook"}
    return Change.model_validate(
        {"id": "c-1", "title": {"en": "a", "pt-BR": "b"}, "document": "runbook.md", "rollback": [statement]} | more
    )


def target(manager="docker", **more):
    parts = {part: {"name": part, "pid_file": f"/run/{part}.pid"} for part in ("backend", "frontend")}
    paths = {"backend": "/srv/back end", "frontend": "/srv/pages"}
    return Target.model_validate({"name": "shop", "services": {"manager": manager, **parts}, "paths": paths} | more)


WAY_BACK = {"parts": ["backend", "frontend"], "build": "npm run build", "source": "runbook"}


def test_the_code_goes_back_to_the_saved_commits_and_is_built():
    """The frontend stops first; a commit that was not saved is the one that stood there before the update."""
    assert commands("code", target(), change(way_back=WAY_BACK), KNOWN, CONNECTION) == (
        "docker compose stop frontend",
        "docker compose stop backend",
        "cd '/srv/back end' && git checkout 0a1b2c3 && npm run build",
        "cd /srv/pages && git checkout 9f8e7d6 && npm run build",
        "docker compose up -d --build backend",
        "docker compose up -d --build frontend",
    )


@pytest.mark.parametrize(
    ("manager", "first", "last"),
    [
        ("pm2", "pm2 stop frontend", "pm2 restart frontend"),
        ("systemd", "sudo systemctl stop frontend", "sudo systemctl start frontend"),
        ("process", "kill $(cat /run/frontend.pid)", "# start the frontend again, as you always do"),
    ],
)
def test_services_are_stopped_and_started_by_their_own_manager(manager, first, last):
    """What nobody can know is left to a person, in words."""
    lines = commands("code", target(manager), change(), KNOWN, CONNECTION)
    assert (lines[0], lines[-1]) == (first, last)


def test_what_is_one_service_and_one_repository_is_stopped_and_checked_out_once():
    """A server-rendered application is both parts; a process needs no name."""
    both = {"pid_file": "/run/app.pid"}
    one = Target.model_validate(
        {
            "name": "shop",
            "services": {"manager": "process", "backend": both, "frontend": both},
            "paths": {"backend": "/srv/app", "frontend": "/srv/app"},
        }
    )
    known = replace(KNOWN, commits=dict.fromkeys(KNOWN.commits, "0a1b2c3"))
    assert commands("code", one, change(), known, CONNECTION)[:2] == (
        "kill $(cat /run/app.pid)",
        "cd /srv/app && git checkout 0a1b2c3",
    )
    port = Target.model_validate({"name": "shop", "services": {"manager": "process", "backend": {"port": 3000}}})
    assert "# stop the backend, which listens on port 3000" in commands("code", port, change(), known, CONNECTION)


def test_the_data_goes_back_by_the_document_s_statement_in_a_transaction():
    """Psql stops at the first error, which it does not by itself; quotes survive, and so does being indented."""
    lines = commands("data", target(), change(), KNOWN, CONNECTION)
    assert shlex.split("    " + "\n    ".join(lines)) == [
        "psql", "host=db.internal dbname=shop", "-X", "-1", "-v", "ON_ERROR_STOP=1", "-c", STATEMENT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "packed", "line"),
    [
        ("custom", "", "pg_restore --exit-on-error -d 'host=db.internal dbname=shop_restored' /b/a.dump"),
        ("plain", "gzip", "gzip -dc /b/a.dump | psql 'host=db.internal dbname=shop_restored' -X -v ON_ERROR_STOP=1"),
    ],
)
def test_a_restore_goes_into_an_empty_database_that_takes_the_name(form, packed, line):
    """The runbook's pg_restore -c stops at objects that are newer than the dump."""
    lines = commands("restore", target(), change(), replace(KNOWN, form=form, compression=packed), CONNECTION)
    assert lines[2].endswith("""-c 'CREATE DATABASE "shop_restored" TEMPLATE template0'""")
    assert lines[3] == line
    assert """-c 'ALTER DATABASE "shop_restored" RENAME TO "shop"'""" in lines[4]
    said = subprocess.run(
        ["sh", "-c", f"psql() {{ printf '%s\\n' \"$@\"; }}; {lines[4]}"], check=False, capture_output=True, text=True
    )
    assert "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'\n" in said.stdout
    assert re.search(r'^ALTER DATABASE "shop" RENAME TO "shop_until_\d{8}_\d{6}"$', said.stdout, re.MULTILINE)


def test_a_target_s_own_commands_stand_in_their_place():
    """With what was saved filled in; what was not stands in capitals."""
    own = target(way_back={"code": ["deploy back {backend_commit} {frontend_commit}"], "restore": ["back.sh {dump}"]})
    assert commands("code", own, change(), KNOWN, CONNECTION) == ("deploy back 0a1b2c3 9f8e7d6",)
    assert commands("restore", own, change(), Known(), CONNECTION) == ("back.sh DUMP",)
    assert commands("code", own, change(), Known(), "")[0].endswith(
        "COMMIT_OF_THE_BACKEND_BEFORE COMMIT_OF_THE_FRONTEND_BEFORE"
    )


def test_the_line_above_says_what_is_lost_how_long_it_takes_and_until_when():
    """A moment that has passed is said as that."""
    way = Way(kind="restore", loses="all is lost", takes_s=600, commands=(), decide_by=NOON)
    assert way.head(NOON - timedelta(minutes=12, seconds=30)) == (
        "restore: all is lost; about 10 min 00 s; decide by 2025-11-03 12:00:00 UTC (12 min from now)"
    )
    assert way.head(NOON + timedelta(minutes=3)).endswith("(3 min ago: the window is too short for it now)")
    assert replace(way, why_not="no backup was judged good").head(NOON) == (
        "restore: not possible: no backup was judged good"
    )


@pytest.fixture
def history(tmp_path):
    """Return what a preflight, a backup and a backend gate left, an hour before noon."""
    moments = iter(NOON - timedelta(minutes=40) + timedelta(seconds=second) for second in range(1000))
    listing = {"path": "/b/a.dump", "format": "custom", "created": NOON.isoformat()}
    measures = {
        "backup/way-back-saved": ("saved commits", {"known": {"backend": ["0a1b2c3"]}, "has_diff": True}),
        "backup/dump-listed": ("entries listed", listing),
        "backup/restored": ("entries restored", {"duration_s": 95.0, "errors": [], "lacking": []}),
    }
    folder = Folder.of(tmp_path, "c-1", "shop")
    with Chain.open(folder, clock=lambda: next(moments)) as chain:
        for gate in ("preflight", "backup", "backend"):
            checks = measures if gate == "backup" else {f"{gate}/c": None}
            for check in checks:
                chain.append(Kind.PLAN, gate, check, title="a claim")
            chain.append(Kind.START, gate, run=f"1-{gate}", who="ana", bonds={}, commits={})
            for check, measure in checks.items():
                if measure:
                    chain.append(Kind.MEASURE, gate, check, unit=measure[0], value=measure[1], rows=1)
                chain.append(Kind.VERDICT, gate, check, verdict="PASS", seen=1, least=1, findings=[])
            chain.append(Kind.END, gate, verdict="PASS", open_items=[], counts={"collected": 1, "executed": 1})
    return read(folder)


@pytest.fixture
def subject():
    promised = change(
        restore={"within": "1m", "source": "runbook"}, window={"length": "1h", "source": "runbook"}, way_back=WAY_BACK
    )
    return Subject(
        change=promised, change_path=Path("c.toml"), change_sha256="", target=target(), target_path=Path("shop.toml")
    )


def test_status_says_every_way_with_what_was_saved_and_measured(subject, history):
    """The dump, the commits and the time of its restore come from the evidence; the window began with preflight."""
    lines = list(shown(subject, history, NOON))
    assert lines[0] == "point of no return: not reached: nobody can write with the new frontend yet"
    tried = "(a restore took 1 min 35 s when it was tried)"
    lost = f"restore: everything written since 2025-11-03 12:00:00 UTC is lost {tried}"
    heads = [line for line in lines if not line.startswith(" ")][1:]
    assert heads == [
        "code: no row is touched; about 1 min 00 s; decide by 2025-11-03 12:19:01 UTC (19 min from now)",
        "data: not possible: nothing was backfilled yet",
        f"{lost}; about 1 min 35 s; decide by 2025-11-03 12:18:26 UTC (18 min from now)",
    ]
    assert "    cd '/srv/back end' && git checkout 0a1b2c3 && npm run build" in lines
    assert any(line.startswith("    pg_restore --exit-on-error") and line.endswith("/b/a.dump") for line in lines)
    assert lines[-1].endswith("run rollback --kind restore --target shop.toml")


def test_before_anything_is_out_no_way_back_is_needed(subject):
    """Nothing of the release is there to go back from."""
    assert list(shown(subject, History(), NOON)) == ["none is needed: nothing of the release is out yet"]
