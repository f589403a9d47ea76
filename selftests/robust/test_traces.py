"""What a run leaves: no secret anywhere, and nothing outside its own folders."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg
import pytest

from reference_inbox.seeding.texts import FROM_CUSTOMERS, FROM_STAFF
from releasegate.core import ExitCode

PASSWORD = "p@ss/wörd+%:' 7Kx\"$(id)"  # every letter of it is escaped somewhere
PERSONAL = ("529.982.247-25", "52998224725", "11.222.333/0001-81", "+55 11 91234-5678", "ana.souza@exemplo.com.br")
LONGEST_PREVIEW = 20  # [policy] preview_length: what the evidence may hold of a message
WATCHED = (Path("/"), Path("/etc"), Path("/opt"), Path("/srv"), Path("/usr/local"), Path("/var/lib"))


def spellings(secret: str) -> list[bytes]:
    """Return the secret as it may stand in a file: as it is, in a URL, in JSON, in base64 at any offset."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    raw = secret.encode()
    inside = {base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)}
    return [*(text.encode() for text in found), *inside]


def unpacked(path: Path) -> bytes:
    """Return what the file holds, and what is packed in it."""
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return b"\n".join(packed.read(name) for name in packed.namelist())
    return data


def messages() -> list[bytes]:
    """Return what people wrote in the reference, as far as it is longer than a preview: every spelling of it."""
    said = {text[: LONGEST_PREVIEW + 4] for text in (*FROM_CUSTOMERS, *FROM_STAFF) if len(text) > LONGEST_PREVIEW + 4}
    assert len(said) > 20
    return [spelling for text in said for spelling in (text.encode(), json.dumps(text)[1:-1].encode())]


@pytest.fixture
def planted(reference):
    """Return a target that logs in to the database with the planted password, and to the API with its own."""
    with psycopg.connect(reference.facts["admin_dsn"], autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("ALTER ROLE release_gate PASSWORD {}").format(psycopg.sql.Literal(PASSWORD)))
    text = (reference.state / "target.toml").read_text("utf-8")
    port = reference.facts["ports"]["postgres"]
    before = next(line for line in text.splitlines() if line.startswith("dsn ="))
    after = f'dsn = "postgresql://release_gate@127.0.0.1:{port}/social_selling"\npassword = "${{PLANTED_PASSWORD}}"'
    target = reference.state / "planted.toml"
    target.write_text(text.replace(before, after), "utf-8")
    yield target
    target.unlink()
    old = (reference.state / "secrets" / "release_gate").read_text().strip()
    with psycopg.connect(reference.facts["admin_dsn"], autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("ALTER ROLE release_gate PASSWORD {}").format(psycopg.sql.Literal(old)))


def listing() -> set[str]:
    """Return what stands directly in the folders that nobody but an installation writes to."""
    return {str(path) for folder in WATCHED if folder.exists() for path in folder.iterdir()}


def test_no_secret_and_nothing_outside(gate, reference, planted, tmp_path):
    """Every gate that the reference allows now, a step that prints the password, a note that holds it.

    Looked for in everything printed and in every file of the evidence; the operator's home stays empty.
    """
    home = tmp_path / "home"
    home.mkdir()
    before = listing()
    env = {"PLANTED_PASSWORD": PASSWORD, "HOME": str(home)}
    where = ["--target", str(planted), "--reports", str(reference.reports)]
    printed = []
    for arguments in (
        ["run", "preflight", *where],
        ["run", "preflight", *where, "-n", "2"],
        ["run", "backend", "--alone", *where],
        ["run", "perf", "--alone", *where],
        ["run", "frontend", "--alone", *where, "-v", "--junitxml", str(reference.reports / "junit.xml")],
        ["watch", *where, "--for", "2s", "--every", "1s"],
        ["attest", "pre-window", *where, "--by", "Ana", "--note", f"the password is {PASSWORD}"],
        ["status", *where],
        ["doctor", "--target", str(planted)],
        ["report", *where, "--format", "json"],
    ):
        ended = gate(*arguments, env=env)
        assert ended.code != ExitCode.USAGE, ended.output
        assert "Traceback" not in ended.output
        printed.append(ended.output)
    for step, command in (
        ("3.1-migrate", 'printf "%s\\n" "$PLANTED_PASSWORD" >/dev/stderr'),
        ("4.2-dry-run", "printf '%s\\n' " + " ".join(f"'{one}'" for one in PERSONAL)),
    ):
        printed.append(gate("step", step, *where, "--", command, env=env).output)
    texts = {"printed": "\n".join(printed).encode()}
    texts |= {str(path): unpacked(path) for path in reference.reports.rglob("*") if path.is_file()}
    names = {Path(name).name for name in texts}
    assert {"events.jsonl", "report.html", "manifest.json", "statement.json", "junit.xml", "pytest.html"} <= names
    secrets = [PASSWORD, reference.facts["login"]["password"]]
    leaks = [
        (name, secret)
        for name, text in texts.items()
        for secret in secrets
        if any(s in text for s in spellings(secret))
    ]
    assert leaks == []
    assert [(name, one) for name, text in texts.items() for one in PERSONAL if one.encode() in text] == []
    assert [(name, one) for name, text in texts.items() for one in messages() if one in text] == []
    assert b"the password is [redacted]" in texts[str(reference.folder / "events.jsonl")]  # it did go through here
    assert [str(path) for path in home.rglob("*")] == []
    assert listing() - before == set()


@pytest.mark.everything
def test_the_password_is_in_no_command_line(start, reference, planted):
    """Whoever lists processes sees no secret: neither in arguments of ours nor in those of what we start."""
    going = start("run", "preflight", "--target", str(planted), "--reports", str(reference.reports),
                  env={"PLANTED_PASSWORD": PASSWORD})  # fmt: skip
    seen = set()
    while going.process.poll() is None:
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True, env=os.environ).stdout
        seen |= {spelling for spelling in spellings(PASSWORD) if spelling in listed}
        if b"preflight/page-baseline" in "".join(going.lines).encode():
            break
        going.lines.append(going.process.stdout.readline())
    going.end()
    assert seen == set()
