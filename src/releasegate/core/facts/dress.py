"""What is known about a dress rehearsal: the release's own files, run on a restored copy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRun:
    """One of the release's files, run on the copy. `where` is the commit or the place that it was taken from.

    `not_run` says why it was not run here, "" where it was; `exit_code` and `said` (the lines that matter of what
    was printed, the server's message first) are those of its runner. `duration_s` in seconds. `is_runners` says that
    only another program than psql can run it.
    """

    file: str
    step: str
    where: str = ""
    not_run: str = ""
    exit_code: int = 0
    said: str = ""
    duration_s: float = 0
    command: str = ""
    is_runners: bool = False

    @property
    def ran_well(self) -> bool:
        """Whether it was run, to its end, without an error."""
        return not self.not_run and self.exit_code == 0
