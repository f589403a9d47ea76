"""Where the evidence of one change on one target lies."""

from __future__ import annotations

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path

from releasegate.evidence.writing import writing

_RUN = re.compile(r"(\d+)-")


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder `reports/<change>/<target>`; nothing is created before something is written."""

    root: Path

    @classmethod
    def of(cls, reports: Path, change: str, target: str) -> Folder:
        """Return the folder of the change with id `change` on the target named `target`."""
        return cls(reports / change / target)

    @property
    def events(self) -> Path:
        """The chain."""
        return self.root / "events.jsonl"

    @property
    def blobs(self) -> Path:
        """Screenshots, plans, query results, samples: each named by its SHA-256."""
        return self.root / "blobs"

    @property
    def manifest(self) -> Path:
        """Every file with hash and size."""
        return self.root / "manifest.json"

    @property
    def statement(self) -> Path:
        """The in-toto statement."""
        return self.root / "statement.json"

    @property
    def signature(self) -> Path:
        """The statement's signature by ssh-keygen, where a key was given."""
        return self.root / "statement.json.sig"

    @property
    def report(self) -> Path:
        """The dossier."""
        return self.root / "report.html"

    @property
    def runs(self) -> Path:
        """One folder per run of a gate, with whatever its tools write."""
        return self.root / "runs"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes; no evidence."""
        return self.root / ".lock"

    @property
    def watch_lock(self) -> Path:
        """Held by the one watch that is going on; no evidence."""
        return self.root / ".watch.lock"

    def new_run(self, gate: str) -> Path:
        """Create and return `runs/<n>-<gate>` with the next free n, also when several processes ask at once.

        Raises CannotMeasure when the folder cannot be written.
        """
        with writing(self.root):
            self.runs.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.runs, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)  # released when the handle closes
                run = self.runs / f"{self._last_run() + 1}-{gate}"
                run.mkdir()
            finally:
                os.close(handle)
        return run

    def _last_run(self) -> int:
        found = (_RUN.match(entry.name) for entry in self.runs.iterdir())
        return max((int(match[1]) for match in found if match), default=0)
