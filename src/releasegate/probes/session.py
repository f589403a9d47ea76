"""Being logged in: once per run, shared by every process of the run through a file only its owner can read."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from releasegate.core import CannotMeasure, pointers
from releasegate.core.redaction import redactor
from releasegate.target.models import Backend, Login

_LIFETIME_S = 30 * 60  # where the token does not say: shorter than any usual session, and a 401 renews it anyway
_EARLY_S = 30  # renewed this long before it expires, so that no request is cut off on its way

log = logging.getLogger(__name__)


class LoginUnanswered(Exception):
    """The login did not answer, or with a server error: the deployment is wrong, not the credentials."""

    def __init__(self, status: int | None, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Session:
    """The headers that say who asks, and until when they hold (seconds since the epoch)."""

    headers: dict[str, str]
    expires_at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it still holds for a request that begins now."""
        return time.time() < self.expires_at - _EARLY_S


NOBODY = Session({}, float("inf"))


class Sessions:
    """Hands out the run's one session; logs in when there is none, and again when the API no longer knows it.

    `file` is shared by all workers of a run and created with mode 0600; a lock beside it lets one log in while the
    others wait. It holds a secret: its folder is a private one, never the evidence.
    """

    def __init__(self, backend: Backend, client: httpx.Client, file: Path) -> None:
        self._backend = backend
        self._client = client
        self._file = file
        self._mine: Session | None = None
        self._refused: CannotMeasure | None = None

    def get(self) -> Session:
        """Return a session that holds.

        Raises CannotMeasure when the login refuses us, LoginUnanswered when it does not answer or answers 5xx.
        """
        if self._mine is None or not self._mine.is_fresh:
            self._mine = self._shared_or_new(known_bad=None)
        return self._mine

    def renew(self, refused: Session) -> Session:
        """Return another session than `refused`, which the API answered with 401; raises as `get` does."""
        self._mine = self._shared_or_new(known_bad=refused)
        return self._mine

    def _shared_or_new(self, known_bad: Session | None) -> Session:
        fixed = _fixed(self._backend.login)
        if fixed is not None:
            return fixed
        with _locked(self._file.with_suffix(".lock")):
            shared = _read(self._file)
            if shared is None or not shared.is_fresh or shared == known_bad:
                shared = self._log_in()
                _write(self._file, shared)
        _register(shared)
        return shared

    def _log_in(self) -> Session:
        """Log in; who was refused once does not try again in this run: accounts get locked."""
        if self._refused is not None:
            raise CannotMeasure(str(self._refused))
        try:
            return log_in(self._backend, self._client)
        except CannotMeasure as refused:
            self._refused = refused
            raise


def log_in(backend: Backend, client: httpx.Client) -> Session:
    """Log in by the form's fields and return the session. Raises as Sessions.get does."""
    login = backend.login
    url = backend.url.rstrip("/") + login.path
    fields = {**login.fields, login.email_field: login.email, login.password_field: _secret(login)}
    log.info("logging in at %s", url)
    try:
        response = client.post(url, json=fields) if login.encoding == "json" else client.post(url, data=fields)
    except httpx.TransportError as error:
        raise LoginUnanswered(None, f"the login did not answer ({type(error).__name__}: {error})") from error
    if response.status_code >= 500:
        raise LoginUnanswered(response.status_code, f"the login answered {response.status_code}")
    if response.status_code >= 400:
        raise CannotMeasure(
            f"POST {url} refused the login with {response.status_code}; "
            "look at path, encoding, field names and secret in the target's [backend.login]"
        )
    return _session_in(response, login, url)


def _session_in(response: httpx.Response, login: Login, url: str) -> Session:
    headers = {}
    token = _token_in(response, login)
    if token:
        headers[login.header] = f"{login.scheme} {token}".strip()
    cookies = dict(response.cookies.items())
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if not headers:
        raise CannotMeasure(
            f"POST {url} answered {response.status_code} without a cookie, and without a token in the header "
            f"{login.header} or at the {len(login.token_at)} usual places; set token_at in the target's [backend.login]"
        )
    return Session(headers, _expiry(token))


def _token_in(response: httpx.Response, login: Login) -> str:
    try:
        document = response.json()
    except ValueError:
        document = None
    token = pointers.first(document, login.token_at)
    if isinstance(token, str) and token:
        return token
    return str(response.headers.get(login.header, "")).removeprefix(login.scheme).strip()


def _expiry(token: str) -> float:
    """Return when `token` expires: what a JWT says of itself, else the default lifetime from now."""
    claims = _jwt_claims(token)
    expires = claims.get("exp")
    return float(expires) if isinstance(expires, int | float) else time.time() + _LIFETIME_S


def _jwt_claims(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _fixed(login: Login) -> Session | None:
    """Return the session that needs no login, None for a form."""
    if login.kind == "form":
        return None
    if login.kind == "none":
        return NOBODY
    if login.token is None:
        raise CannotMeasure(f'kind = "{login.kind}" needs a token in the target\'s [backend.login]')
    token = login.token.get_secret_value()
    value = f"{login.scheme} {token}".strip() if login.kind == "token" else token
    return Session({login.header: value}, float("inf"))


def _secret(login: Login) -> str:
    return login.password.get_secret_value() if login.password else ""


def _register(session: Session) -> None:
    for value in session.headers.values():
        redactor.register(value)
        redactor.register(value.split(" ", 1)[-1])
    for cookie in session.headers.get("Cookie", "").split("; "):
        redactor.register(cookie.partition("=")[2])


def _read(file: Path) -> Session | None:
    try:
        return Session(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # none yet, or a run that was killed while it wrote
        return None


def _write(file: Path, session: Session) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)  # also where the file was there before, with another mode
        json.dump(asdict(session), out)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
