"""The runbook's commands for this deployment, as data: what is run between one moment and the next.

`advance` runs exactly these, and so does anything else that walks the runbook. Where the runbook's own command
does not work, the difference is stated beside it.
"""

import shlex
import sys
from pathlib import Path
from typing import Final

from reference_inbox import managers, moments, processes, services
from reference_inbox.repositories import GIT_ENV
from reference_inbox.state import ADMIN, DATABASE, OWNER, Record, State, Step

RESTORED: Final = f"{DATABASE}_restored"
NEWEST_DUMP: Final = '"$(ls -t db_backup_*.dump | head -1)"'

# The runbook's statement, word for word.
CLEAR_BACKFILL: Final = """\
BEGIN;

UPDATE messages
SET attachments = '[]'::jsonb,
    updated_at = NOW()
WHERE attachments @> '[{"source": "legacy_migration"}]'::jsonb;

COMMIT;
"""

# The runbook restores with -c over the newer schema, which fails on objects that the dump does not know. So the
# dump goes into an empty database, which then takes the name; the other one is kept.
SWAP_DATABASES: Final = f"""\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('{DATABASE}', '{RESTORED}');
SELECT format('ALTER DATABASE {DATABASE} RENAME TO %I', '{DATABASE}_until_' || to_char(now(), 'YYYYMMDD_HH24MISS'))
\\gexec
ALTER DATABASE {RESTORED} RENAME TO {DATABASE};
"""
CLEAR_BACKFILL_FILE, SWAP_FILE = "rollback-data.sql", "restore-swap.sql"


class Steps:
    """Builds the steps of one deployment."""

    def __init__(self, state: State, record: Record) -> None:
        """Take the deployment's places."""
        self.state = state
        self.record = record
        self.dumps = Path(record.dumps)
        self.bin = Path(record.bin)

    def all(self) -> dict[str, list[Step]]:
        """Return the steps of every moment."""
        return {
            moments.BEFORE: [],
            moments.BACKED_UP: self.backup(),
            moments.BACKEND: self.deploy("backend", "2"),
            moments.MIGRATED: [self.sql_file("3.1-migrate", "039-add-message-reply-and-attachments.sql")],
            moments.BACKFILLED: self.backfill(),
            moments.RELEASED: self.deploy("frontend", "5"),
            moments.ROLLED_BACK_CODE: self.code_back(),
            moments.ROLLED_BACK_DATA: [self.data_back()],
            moments.ROLLED_BACK_RESTORE: self.restore(),
        }

    def backup(self) -> list[Step]:
        """Step 1: the dump, its list, and the commits and changes of both checkouts."""
        commits = " && ".join(
            f"git -C ../{service} log -1 --oneline {arrow} current_commit.txt && "
            f"git -C ../{service} diff HEAD {arrow} current_changes.diff"
            for service, arrow in (("backend", ">"), ("frontend", ">>"))
        )
        return [
            self.shell(
                "1.1-dump",
                f"umask 077; {self.tool('pg_dump')} -F c -f db_backup_$(date +%Y%m%d_%H%M%S).dump",
                self.database(),
            ),
            self.shell("1.1-list", f"{self.tool('pg_restore')} --list {NEWEST_DUMP} | head -20", self.database()),
            self.shell("1.2-commits", commits, GIT_ENV),
        ]

    def deploy(self, service: str, number: str) -> list[Step]:
        """Step 2 or 5: fetch and check out main, install, build, restart."""
        pull = "git fetch origin && git checkout main && git pull --ff-only origin main && git log -1 --oneline"
        return [
            Step(f"{number}.1-checkout", ["sh", "-ec", pull], self.record_of(service), dict(GIT_ENV)),
            Step(f"{number}.2-install", [sys.executable, "install.py"], self.record_of(service)),
            self.build(f"{number}.3-build", service),
            self.service(f"{number}.4-restart", "restart", service),
        ]

    def backfill(self) -> list[Step]:
        """Step 4: the dry run, then the SQL that the runbook recommends, and what its many dead rows ask for.

        The last with a connection of its own: one that has just written counts its rows as dead a second later.
        """
        dry = Step(
            "4.2-dry-run",
            [sys.executable, "-m", "inbox_api.backfill", "--dry-run"],
            self.record.backend_repo,
            services.environment(self.state, self.record, "backend"),
        )
        vacuum = self.shell("4.3-vacuum", f"{self.tool('psql')} -X -c 'VACUUM (ANALYZE) messages'", self.database())
        return [dry, self.sql_file("4.3-backfill", "040-backfill-attachments-from-mediaurl.sql"), vacuum]

    def code_back(self, prefix: str = "rollback-code") -> list[Step]:
        """Stop both, go back to the old commits, build, start: frontend first out, backend first in."""
        stops = [self.service(f"{prefix}-stop-{name}", "stop", name) for name in ("frontend", "backend")]
        back = [
            step
            for name in ("backend", "frontend")
            for step in (
                Step(
                    f"{prefix}-checkout-{name}",
                    ["git", "checkout", self.record.commits[name]["old"]],
                    self.record_of(name),
                    dict(GIT_ENV),
                ),
                self.build(f"{prefix}-build-{name}", name),
            )
        ]
        return (
            stops + back + [self.service(f"{prefix}-start-{name}", "start", name) for name in ("backend", "frontend")]
        )

    def data_back(self) -> Step:
        """Undo the backfill with the runbook's UPDATE."""
        return self.psql("rollback-data-clear", self.state.runbook / CLEAR_BACKFILL_FILE, self.database())

    def restore(self) -> list[Step]:
        """Stop both, restore the newest dump into an empty database, swap it in, then go back with the code.

        As the administrator: the dump holds an extension, and only a superuser may create it.
        """
        server = self.database() | {"PGUSER": ADMIN, "PGDATABASE": ADMIN}
        code = self.code_back("rollback-restore")
        load = f"{self.tool('pg_restore')} --exit-on-error -d {RESTORED} {NEWEST_DUMP}"
        return [
            *code[:2],
            self.shell(
                "rollback-restore-create", f"{self.tool('createdb')} -O {OWNER} -T template0 {RESTORED}", server
            ),
            self.shell("rollback-restore-load", load, server),
            self.psql("rollback-restore-swap", self.state.runbook / SWAP_FILE, server),
            *code[2:],
        ]

    def database(self) -> dict[str, str]:
        """Address the database as the runbook does; the password is in the file that PGPASSFILE names."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.record.ports["postgres"]),
            "PGUSER": OWNER,
            "PGDATABASE": DATABASE,
            "PGPASSFILE": str(self.state.pgpass),
        }

    def sql_file(self, item: str, name: str) -> Step:
        """Run a migration of the backend with psql; ON_ERROR_STOP, or psql says 0 when a statement failed."""
        return self.psql(item, Path("migrations") / name, self.database())

    def psql(self, item: str, path: Path, env: dict[str, str]) -> Step:
        """Run a file with psql in the backend's checkout."""
        command = [f"{self.bin}/psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", str(path)]
        return Step(item, command, self.record.backend_repo, env)

    def tool(self, name: str) -> str:
        """Name a program of PostgreSQL in a line of shell; its folder may have a space in its path."""
        return shlex.quote(f"{self.bin}/{name}")

    def shell(self, item: str, script: str, env: dict[str, str]) -> Step:
        """Run a line of shell in the folder of dumps."""
        return Step(item, ["sh", "-ec", script], self.record.dumps, dict(env))

    def build(self, item: str, service: str) -> Step:
        """Build what is checked out."""
        return Step(item, [sys.executable, "build.py"], self.record_of(service), dict(GIT_ENV))

    def service(self, item: str, verb: str, service: str) -> Step:
        """Stop, start or restart a service, with the command of whoever runs it."""
        manager = managers.of(self.state)
        return Step(
            item,
            manager.command(self.state, verb, service),
            str(self.state.folder),
            manager.variables(self.state) or {"PYTHONPATH": processes.python_path()},
        )

    def record_of(self, service: str) -> str:
        """Name a service's checkout."""
        return str(self.state.repository(service))


def write_files(state: State) -> None:
    """Write the SQL that the rollback steps run."""
    state.runbook.mkdir(parents=True, exist_ok=True)
    (state.runbook / CLEAR_BACKFILL_FILE).write_text(CLEAR_BACKFILL)
    (state.runbook / SWAP_FILE).write_text(SWAP_DATABASES)
