"""The release's own files, found where the release keeps them and run on a copy that was restored from the dump."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

from psycopg import sql

from releasegate.change.models import Backfill, Change, FileStep, ReleaseFile
from releasegate.core import CannotMeasure, Measurement
from releasegate.core.facts.dress import FileRun
from releasegate.core.redaction import redactor
from releasegate.probes import git
from releasegate.probes.copies import Copy
from releasegate.probes.host import Machine
from releasegate.probes.postgres import identifier
from releasegate.target.models import Target

LONGEST_RUN_S: Final = 4 * 3600
MOST_LINES: Final = 6
_PSQL: Final = "psql"
# What would leave the copy, or needs what is not here; a file with it is named and not run.
_REFUSED: Final = {
    re.compile(r"^\s*\\(c|connect)\b", re.MULTILINE): "it connects to another database",
    re.compile(r"^\s*\\!|\b(TO|FROM)\s+PROGRAM\b", re.MULTILINE | re.IGNORECASE): "it runs programs",
    re.compile(r"^\s*\\(i|ir|include|include_relative)\b", re.MULTILINE): "it includes other files",
    re.compile(r"\bdblink\w*\s*\(|\bCREATE\s+(SERVER|SUBSCRIPTION)\b", re.IGNORECASE): "it reaches other servers",
}
OWN_ROWS: Final = 3
_OWN: Final = "image"  # a url that no file has, and a type that every inbox knows
_ATTACH: Final = """
UPDATE {table} SET {target} = {own}::jsonb WHERE {key} IN (
    SELECT {key} FROM {table} WHERE coalesce({source}::text, '') = '' ORDER BY {key} LIMIT {most}) RETURNING {key}
"""
_ERROR = re.compile(r"^psql:(?P<place>[^:]*:\d+): (?P<said>(ERROR|FATAL|PANIC): .*)|^psql: (?P<own>error: .*)")
_MORE: Final = ("LINE ", "DETAIL:", "HINT:", "CONTEXT:", "QUERY:", "PL/pgSQL")


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the release: its name, its text (None where it was not found), and where it was taken from."""

    name: str
    text: str | None
    where: str


def run_step(
    copy: Copy, machine: Machine, change: Change, target: Target, step: FileStep
) -> Measurement[tuple[FileRun, ...]]:
    """Run the files of one step on the copy, in the order of the change file, until the first that fails.

    Of `rollback` the document's own statements for the data come last.
    """
    runs: list[FileRun] = []
    for run in _runs(copy, machine, change, target, step):
        runs.append(run)
        if run.exit_code:
            break
    took = sum(run.duration_s for run in runs)
    query = "\n".join(run.command for run in runs if run.command)
    return Measurement(value=tuple(runs), unit="files of the release", rows=len(runs), query=query, duration_s=took)


def attach_own(copy: Copy, backfill: Backfill) -> int:
    """Have a few people attach something themselves on the copy, and return in how many rows.

    Before the release nobody could, so only this shows a way back that takes it from them. A table that does not take
    it (a constraint of its own) is left as it is.
    """
    own = _placed(dict.fromkeys((*backfill.url[:1], *backfill.type[:1]), _OWN))
    statement = sql.SQL(_ATTACH).format(
        table=identifier(backfill.table),
        key=sql.Identifier(backfill.key),
        source=sql.Identifier(backfill.from_column),
        target=sql.Identifier(backfill.to_column),
        own=sql.Literal(json.dumps(own)),
        most=sql.Literal(OWN_ROWS),
    )
    try:
        return len(copy.databases.run(copy.restored.value.database, statement))
    except CannotMeasure:
        return 0


def _placed(values: Mapping[str, str]) -> object:
    """Return the smallest JSON that holds each value at its pointer: /0/url makes a list of one object."""
    own = values.get("")
    if own is not None:
        return own
    below: dict[str, dict[str, str]] = {}
    for pointer, value in values.items():
        head, _, rest = pointer.removeprefix("/").partition("/")
        below.setdefault(head, {})[f"/{rest}" if rest else ""] = value
    if all(key.isdigit() for key in below):
        return [_placed(inner) for _, inner in sorted(below.items())]
    return {key: _placed(inner) for key, inner in below.items()}


def analyse(copy: Copy) -> None:
    """Give the copy's planner what the deployment's has: a restore brings no statistics."""
    copy.databases.run(copy.restored.value.database, sql.SQL("ANALYZE"))


def _runs(copy: Copy, machine: Machine, change: Change, target: Target, step: FileStep) -> Iterator[FileRun]:
    for promised in _promised(change, target, step):
        if promised.run != _PSQL:
            yield FileRun(
                file=promised.file,
                step=step,
                is_runners=True,
                not_run=f"only `{promised.run}` runs it, which is not done here",
            )
            continue
        for found in _find(machine, change, target, promised.file):
            yield _run(copy, found, step)
    if step == "rollback":
        for number, statement in enumerate((one for one in change.rollback if one.kind == "data"), start=1):
            yield _run(copy, Found(f"rollback-data-{number}.sql", statement.sql, statement.source), step)


def _promised(change: Change, target: Target, step: FileStep) -> Sequence[ReleaseFile]:
    own = target.backup.release_files.get(step)
    if own is not None:
        return [ReleaseFile(file=path, step=step, source="the target's [backup]") for path in own]
    return [one for one in change.files if one.step == step]


def _find(machine: Machine, change: Change, target: Target, file: str) -> Sequence[Found]:
    """Return the files that fit `file`: from the target's own place, the release's commit, or the checkout."""
    if file.startswith(("/", "~/")):
        return _on_disk(machine, machine.glob(file)) or [Found(file, None, "")]
    backend = target.paths.backend
    if backend is None:
        return [Found(file, None, "")]
    where = machine.path(backend)
    commit = git.release_commit(machine, where, change.release.commit) if change.release else ""
    if commit:
        names = [name for name in git.files_at(machine, where, commit) if fnmatch(name, file)]
        found = [Found(name, git.text_at(machine, where, commit, name), f"commit {commit[:9]}") for name in names]
        if found:
            return found
    return _on_disk(machine, machine.glob(f"{where}/{file}")) or [Found(file, None, "")]


def _on_disk(machine: Machine, paths: Sequence[str]) -> Sequence[Found]:
    return [Found(path, machine.read(["cat", "--", path]), path) for path in paths]


def _run(copy: Copy, found: Found, step: FileStep) -> FileRun:
    if found.text is None:
        return FileRun(
            file=found.name, step=step, not_run="it is neither in a fetched commit of the release nor on disk"
        )
    refused = next((why for pattern, why in _REFUSED.items() if pattern.search(found.text)), "")
    if refused:
        return FileRun(file=found.name, step=step, where=found.where, not_run=refused)
    with tempfile.TemporaryDirectory(prefix="releasegate-files-") as folder:
        path = Path(folder) / PurePosixPath(found.name).name
        path.write_text(found.text, "utf-8")
        return _by_psql(copy, found, step, path)


def _by_psql(copy: Copy, found: Found, step: FileStep, path: Path) -> FileRun:
    database = copy.restored.value.database
    argv = [str(copy.databases.server.bin / _PSQL), "-X", "-v", "ON_ERROR_STOP=1", "-f", path.name]
    began = time.monotonic()
    ran = subprocess.run(
        argv, cwd=path.parent, env=copy.databases.environment(database), stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, errors="replace", check=False, timeout=LONGEST_RUN_S,
    )  # fmt: skip
    return FileRun(
        file=found.name,
        step=step,
        where=found.where,
        exit_code=ran.returncode,
        said=_said(ran.stderr) if ran.returncode else "",
        duration_s=round(time.monotonic() - began, 3),
        command=f"psql -X -v ON_ERROR_STOP=1 -f {found.name}, on a copy restored from {copy.restored.value.path}",
    )


def _said(stderr: str) -> str:
    """Return the error with its line and what PostgreSQL says about it, in one line."""
    lines = stderr.splitlines()
    for number, line in enumerate(lines):
        match = _ERROR.match(line)
        if match:
            more = [other.strip() for other in lines[number + 1 :] if other.startswith(_MORE)][:MOST_LINES]
            place = match["place"].rpartition(":")[2] if match["place"] else ""
            first = f"line {place}: {match['said']}" if place else match["own"]
            return redactor.text("; ".join([" ".join(first.split()), *more]))
    return redactor.text(lines[-1]) if lines else "it said nothing"
