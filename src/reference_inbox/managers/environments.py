"""What a service is told by its environment, whoever starts it."""

from pathlib import Path
from typing import Final

from reference_inbox.state import Record, State

MODULES: Final = {"backend": "inbox_api", "frontend": "inbox_web"}


def of(state: State, record: Record, service: str, tree: Path | None = None) -> dict[str, str]:
    """Build the variables of a service that runs the build of its checkout, or of another TREE.

    Secrets stay in the files that the variables name.
    """
    port = {
        "INBOX_PORT": str(record.ports[service]),
        "PYTHONPATH": str((tree or state.repository(service)) / "dist"),
        "PYTHONSAFEPATH": "1",
    }  # the build is run, not the sources in the folder it is started in
    if service == "frontend":
        certificate = str(state.certificate) if record.frontend_url.startswith("https:") else ""
        return port | {"INBOX_API": record.backend_url, "INBOX_CERTIFICATE": certificate}
    return port | {
        "INBOX_DATABASE": record.owner_dsn,
        "INBOX_MEDIA": record.media,
        "INBOX_SECRETS": str(state.secrets),
        "INBOX_FRONTEND_ORIGIN": record.frontend_url,
    }
