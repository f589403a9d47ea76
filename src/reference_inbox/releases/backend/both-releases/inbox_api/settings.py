"""Settings, from the environment and from the stamp that the build left."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where things are. The database's password is in the file that its address names, other secrets in `secrets`."""

    port: int
    database: str
    media: Path
    secrets: Path
    frontend_origin: str
    version: str
    commit: str
    built_at: str


def read() -> Settings:
    """Read the settings of this process."""
    build = json.loads((Path(__file__).parent / "build.json").read_text())
    return Settings(
        port=int(os.environ["INBOX_PORT"]),
        database=os.environ["INBOX_DATABASE"],
        media=Path(os.environ["INBOX_MEDIA"]),
        secrets=Path(os.environ["INBOX_SECRETS"]),
        frontend_origin=os.environ["INBOX_FRONTEND_ORIGIN"],
        **build,
    )
