"""Writing DIR/target.toml and DIR/change.toml from the templates beside this module."""

import json
import logging
from importlib import resources
from pathlib import Path
from typing import Final

import psycopg

from reference_inbox import managers
from reference_inbox.state import DATABASE, Record, State

log = logging.getLogger(__name__)

CHANGE_FILE: Final = "feat-2025-20251103111429.toml"


def release_promises() -> Path | None:
    """Find the release's own change file in the project's checkout; None where the package is installed without."""
    here = Path(__file__).resolve()
    return next((found for folder in here.parents if (found := folder / "changes" / CHANGE_FILE).is_file()), None)


def write(state: State, record: Record) -> None:
    """Write both files; without the release's own change file the target names none, and the log says so."""
    promises = release_promises()
    values = {
        "GATE_DSN": record.gate_dsn,
        "BACKEND_URL": record.backend_url,
        "FRONTEND_URL": record.frontend_url,
        "EMAIL": record.login["email"],
        "SYSTEM": system_identifier(record),
        "DATABASE": DATABASE,
        "BIN": record.bin,
        "EXTENDS": str(promises),
    }
    target = filled("target.toml", values).replace("%SERVICES%", managers.of(state).section(state).strip())
    if promises is None:
        log.info("changes/%s was not found beside the package: target.toml names no change file", CHANGE_FILE)
        target = target.replace('change = "change.toml"\n', "")
    else:
        (state.folder / "change.toml").write_text(filled("change.toml", values), "utf-8")
    (state.folder / "target.toml").write_text(target, "utf-8")


def system_identifier(record: Record) -> str:
    """Return what PostgreSQL calls the cluster by: a number made with it, as text."""
    with psycopg.connect(record.admin_dsn) as database:
        row = database.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
    return str(row[0]) if row else ""


def filled(name: str, values: dict[str, str]) -> str:
    """Fill a template's %NAMES% in, each as a TOML string; TOML's basic strings are written as JSON's are."""
    text = (resources.files("reference_inbox.promises") / name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"%{key}%", json.dumps(value, ensure_ascii=False))
    return text
