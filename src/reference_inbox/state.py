"""What is known of one deployment: the folders below DIR and the record DIR/reference.json."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from reference_inbox.errors import ReferenceFailed, WrongUsage

RECORD: Final = "reference.json"
DATABASE: Final = "social_selling"
OWNER: Final = "social_selling_user"
GATE_ROLE: Final = "release_gate"
ADMIN: Final = "postgres"


@dataclass(frozen=True)
class Step:
    """One command of the runbook: its item, the argv, the folder it runs in, and variables added to the environment.

    No value is a secret: passwords are reached through PGPASSFILE, which names a file.
    """

    item: str
    command: list[str]
    cwd: str
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """The content of reference.json; paths are absolute, ports are loopback ones.

    `ready` is False while `up` is at work. `outside` names what was made outside DIR, for `down` to remove.
    `faults` are active, `planned` ones strike when their moment comes.
    `services` names who runs them: `process`, `docker` or `pm2`, with `manager_home` as its folder. `pids` holds
    `postgres`, and `backend` and `frontend` or their manager; `commits` the old and new commit of each repository.
    """

    moment: str
    rows: int
    seed: int
    ports: dict[str, int]
    login: dict[str, str]
    admin_dsn: str
    owner_dsn: str
    gate_dsn: str
    bin: str
    cluster: str
    backend_url: str
    frontend_url: str
    backend_repo: str
    frontend_repo: str
    media: str
    dumps: str
    logs: dict[str, str]
    services: str = "process"
    manager_home: str = ""
    ready: bool = False
    outside: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    planned: list[str] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    commits: dict[str, dict[str, str]] = field(default_factory=dict)
    steps: dict[str, list[Step]] = field(default_factory=dict)


class State:
    """One deployment by its folder: named places, secrets, and the record with changes under a lock."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not exist, and nothing is made."""
        self.folder = folder.absolute()
        self.secrets = self.folder / "secrets"
        self.certificate = self.secrets / "certificate.pem"
        self.run = self.folder / "run"
        self.logs = self.folder / "logs"
        self.media = self.folder / "media"
        self.dumps = self.folder / "dumps"
        self.runbook = self.folder / "runbook"
        self.faults = self.folder / "faults"
        self.origin = self.folder / "origin"
        self.pgpass = self.secrets / "pgpass"

    def repository(self, service: str) -> Path:
        """Name the checkout of a service, `backend` or `frontend`."""
        return self.folder / service

    @property
    def path(self) -> Path:
        """The record's file."""
        return self.folder / RECORD

    @property
    def exists(self) -> bool:
        """Tell whether a deployment was begun here."""
        return self.path.is_file()

    def read(self) -> Record:
        """Read the record. Raises WrongUsage when there is none, ReferenceFailed when it cannot be read."""
        if not self.exists:
            raise WrongUsage(f"no deployment in {self.folder}: it has no {RECORD}; start one with `up --state`")
        try:
            raw = json.loads(self.path.read_text("utf-8"))
            raw["steps"] = {moment: [Step(**step) for step in steps] for moment, steps in raw["steps"].items()}
            known = {one.name for one in fields(Record)}
            return Record(**{name: value for name, value in raw.items() if name in known})
        except (ValueError, KeyError, TypeError) as problem:
            raise ReferenceFailed(f"{self.path} cannot be read ({problem}); `down --state` still works") from problem

    def read_ready(self) -> Record:
        """Read the record of a deployment that came up as a whole. Raises WrongUsage for half of one."""
        record = self.read()
        if not record.ready:
            raise WrongUsage(
                f"`up` has not finished in {self.folder}; wait for it, or end it with `down` and start anew"
            )
        return record

    def write(self, record: Record) -> None:
        """Replace the record as a whole: a reader sees the old or the new one, never half of one."""
        write_private(self.path, json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")

    def change(self, **changes: Any) -> Record:
        """Change some fields of the record, alone among processes, and return the new record."""
        with self._locked():
            record = replace(self.read(), **changes)
            self.write(record)
        return record

    def note_pid(self, service: str, pid: int | None) -> None:
        """Write the process id of a service into the record, or take it out."""
        with self._locked():
            record = self.read()
            others = {name: value for name, value in record.pids.items() if name != service}
            self.write(replace(record, pids=others | ({service: pid} if pid is not None else {})))

    def secret(self, name: str) -> str:
        """Return the secret of this name, made at random on first use and kept with mode 0600."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_hex(24) + "\n")
        return path.read_text("utf-8").strip()

    def dsn(self, role: str, port: int, database: str = DATABASE) -> str:
        """Address the database as ROLE, with the password left in the pgpass file that it names."""
        return f"postgresql://{role}@127.0.0.1:{port}/{database}?passfile={quote(str(self.pgpass), safe='/')}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one go, beside its place first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    beside.replace(path)
