"""Whether a folder on a machine is the one that a server keeps its data in, and not one of the same name."""

from __future__ import annotations

from typing import Final

from releasegate.core import CannotMeasure
from releasegate.probes.host import Machine
from releasegate.probes.postgres import Session

# Seconds between two accounts of when one server began: its first line in postmaster.pid, and its own first moment.
_SAME_START_S: Final = 60
_STARTED: Final = """
SELECT extract(epoch FROM pg_postmaster_start_time())::float AS began,
       extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float AS up_s
"""
_IDENTIFIER: Final = "SELECT system_identifier::text AS identifier FROM pg_control_system()"
# The control file begins with the system identifier, and the third line of postmaster.pid is when the server began
# (src/include/catalog/pg_control.h, src/include/utils/pidfile.h): a copy of the folder holds the one, not the other.
_IN_THE_FOLDER: Final = 'od -An -tu8 -N8 "$1/global/pg_control" && sed -n 3p "$1/postmaster.pid"'


def serves_from(session: Session, machine: Machine, folder: str) -> bool:
    """Whether the server that answers keeps its data in `folder` on the machine.

    Its files tell, or its process where they are closed to us. Raises CannotMeasure when the machine does not answer.
    """
    told = machine.run(["sh", "-c", _IN_THE_FOLDER, "sh", folder])
    if told.exit_code == 0:
        return _is_said_by(told.stdout.split(), session)
    return has_process(session, machine, folder)


def _is_said_by(told: list[str], session: Session) -> bool:
    """Whether identifier and start, as the files tell them, are the server's."""
    if len(told) != 2 or not told[1].isdecimal():
        return False
    try:
        identifier = session.read(_IDENTIFIER).row["identifier"]
    except CannotMeasure:  # a managed server, whose folder is on no machine of ours
        return False
    began = session.read(_STARTED).row["began"]
    return bool(told[0] == identifier and abs(float(told[1]) - began) <= _SAME_START_S)


def has_process(session: Session, machine: Machine, folder: str) -> bool:
    """Whether a process of the machine names `folder` and runs as long as the server that answers."""
    ran = machine.run(["ps", "-eww", "-o", "etimes=", "-o", "args="])
    up_s = session.read(_STARTED).row["up_s"]
    lines = (line.split() for line in ran.stdout.splitlines())
    return any(
        folder.rstrip("/") in (word.rstrip("/") for word in words[2:]) and abs(int(words[0]) - up_s) <= _SAME_START_S
        for words in lines
        if len(words) > 2 and words[0].isdecimal() and words[1].rpartition("/")[2] in ("postgres", "postmaster")
    )
