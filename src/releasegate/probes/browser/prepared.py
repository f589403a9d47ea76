"""Being logged in without the page's form: a storage state that somebody saved, or a token put where the page looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from releasegate.core import CannotMeasure
from releasegate.core.redaction import redactor
from releasegate.target.models import Frontend


def state_of(frontend: Frontend) -> dict[str, Any]:
    """Return the storage that the target prepares: Playwright's storage state, and what lies in session storage.

    Raises CannotMeasure where the file is none.
    """
    if frontend.login == "state":
        return _saved(frontend)
    if frontend.login == "token":
        return _with_token(frontend)
    return {"state": {"cookies": [], "origins": []}, "session_storage": {}}


def _saved(frontend: Frontend) -> dict[str, Any]:
    assert frontend.state is not None
    try:
        found = json.loads(Path(frontend.state).read_text("utf-8"))
        state = {"cookies": list(found["cookies"]), "origins": list(found["origins"])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CannotMeasure(
            f"[frontend] state: {frontend.state} is no storage state ({type(error).__name__}: {error}); it holds "
            '{"cookies": […], "origins": […]}, as Playwright saves it',
            run=f"playwright open --save-storage={frontend.state} {frontend.url}",
        ) from error
    return {"state": state, "session_storage": found.get("session_storage", {})}


def _with_token(frontend: Frontend) -> dict[str, Any]:
    assert frontend.token is not None
    parts = urlsplit(frontend.url)
    entry = {"name": frontend.token_key, "value": frontend.token.get_secret_value()}
    redactor.register(entry["value"])
    state: dict[str, Any] = {"cookies": [], "origins": []}
    if frontend.token_in == "cookie":  # noqa: S105  where a page keeps it
        state["cookies"] = [{**entry, "domain": parts.hostname or "", "path": "/", "expires": -1, "httpOnly": True,
                             "secure": parts.scheme == "https", "sameSite": "Lax"}]  # fmt: skip
    elif frontend.token_in == "local_storage":  # noqa: S105  as above
        state["origins"] = [{"origin": f"{parts.scheme}://{parts.netloc}", "localStorage": [entry]}]
    inside = {entry["name"]: entry["value"]} if frontend.token_in == "session_storage" else {}  # noqa: S105  as above
    return {"state": state, "session_storage": inside}
