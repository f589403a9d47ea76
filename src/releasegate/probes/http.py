"""The API, asked as somebody who is logged in or as a stranger; only ever read.

What the backend does or fails to do is an answer: a refused connection, a time-out or a broken certificate comes
back as an Answer with `error`, because a backend that does not answer is a deployment that is wrong (FAIL). What
is ours (refused credentials, no token where the target file says it is) raises CannotMeasure (ERROR).
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import shlex
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx

from releasegate.change.models import Api as PromisedApi
from releasegate.change.models import Endpoint, ListEndpoint
from releasegate.core import CannotMeasure, Measurement, pointers
from releasegate.core.durations import parse_duration
from releasegate.core.facts.http import Answer, Listing
from releasegate.probes import paging
from releasegate.probes.session import LoginUnanswered, Session, Sessions
from releasegate.target.models import Backend

_NO_COOKIES: Final = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
_KEPT_SECRET: Final = frozenset({"set-cookie", "authorization", "www-authenticate"})


class Api:
    """One backend, and what the change says about its endpoints. Every request is a GET to the backend's own host."""

    def __init__(self, backend: Backend, promised: PromisedApi, client: httpx.Client, sessions: Sessions) -> None:
        self.backend = backend
        self.promised = promised
        self._client = client
        self._sessions = sessions
        self._renewing_helps = True

    def get(self, path: str, query: Mapping[str, str] | None = None, *, with_token: bool = True) -> Measurement[Answer]:
        """Ask for `path`, with the target's own query parameters added; redirects are answers, not followed.

        `path` may also be a whole URL of the same host. Raises CannotMeasure for another host, and when the login
        refuses us.
        """
        url = self.url(path, query)
        answer = self._ask_logged_in(url) if with_token else self._ask(url, {})
        return Measurement(
            value=answer,
            unit="requests",
            rows=1,
            query=self.curl(url, with_token=with_token),
            duration_s=answer.elapsed_ms / 1000,
            shown=answer.shown,
        )

    def ask(self, endpoint: Endpoint, *, key: str = "", with_token: bool = True) -> Measurement[Answer]:
        """Ask a promised endpoint once; `key` is the id that its path speaks of."""
        return self.get(path_of(endpoint, key), endpoint.query, with_token=with_token)

    def conversations(self, limit: int) -> Measurement[Listing]:
        """Return the first `limit` conversations that the API shows, page by page, in the API's own order.

        Raises CannotMeasure where the change names no such endpoint.
        """
        return self.pages(self._endpoint("conversations"), limit=limit)

    def messages(self, conversation: str) -> Measurement[Listing]:
        """Return the first page of the messages of one conversation."""
        return self.pages(self._endpoint("messages"), key=conversation, limit=1)

    def items(self, answer: Answer, endpoint: ListEndpoint) -> list[dict[str, Any]] | None:
        """Return the list in `answer`, None where none of the change's pointers leads to a list of objects."""
        return pointers.objects(answer.json, endpoint.list)

    def pages(self, endpoint: ListEndpoint, *, key: str = "", limit: int) -> Measurement[Listing]:
        """Read pages of a list until `limit` items are there, as `paging.read` describes."""
        path = path_of(endpoint, key)

        def ask(turn: paging.Turn) -> Measurement[Answer]:
            return self.get(turn) if isinstance(turn, str) else self.get(path, {**endpoint.query, **turn})

        return paging.read(ask, endpoint, limit=limit)

    def url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return the whole address of `path`. Raises CannotMeasure when it leads to another host."""
        base = self.backend.url.rstrip("/")
        url = path if "://" in path else base + path
        if urlsplit(url)[:2] != urlsplit(base)[:2]:
            raise CannotMeasure(f"{urlsplit(url).netloc} is not the target's backend {base}; it was not asked")
        given = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
        added = {name: value for name, value in {**self.backend.query, **(query or {})}.items() if name not in given}
        return url + ("&" if given else "?") + urlencode(added) if added else url

    def curl(self, url: str, *, with_token: bool = True) -> str:
        """Return the command that asks for `url` again; the token stands in it as $TOKEN."""
        parts = ["curl", "-sS", "-i"] + ([] if self.backend.verify_tls else ["-k"])
        login = self.backend.login
        if with_token and login.kind != "none":
            scheme = "" if login.kind == "header" else f"{login.scheme} "
            parts.append(f'-H "{login.header}: {scheme}$TOKEN"')
        return " ".join([*parts, shlex.quote(url)])

    def session_headers(self) -> dict[str, str]:
        """Return the headers of the run's session, for a load generator that asks by itself. They are secret.

        Raises CannotMeasure when there is no way in.
        """
        try:
            return dict(self._sessions.get().headers)
        except LoginUnanswered as failure:
            raise CannotMeasure(str(failure)) from failure

    def _endpoint(self, name: str) -> ListEndpoint:
        endpoint: ListEndpoint | None = getattr(self.promised, name)
        if endpoint is None:
            raise CannotMeasure(f"the change file names no [api.{name}], so there is no way to ask for {name}")
        return endpoint

    def _ask_logged_in(self, url: str) -> Answer:
        try:
            session = self._sessions.get()
            answer = self._ask(url, session.headers)
            if answer.status == 401 and session.headers and self._renewing_helps:
                answer = self._ask_again(url, session)
        except LoginUnanswered as failure:
            return Answer(url=url, status=failure.status, elapsed_ms=0.0, error=str(failure))
        return answer

    def _ask_again(self, url: str, refused: Session) -> Answer:
        """Ask with a new session; where that is refused too, no further login is spent on it in this run."""
        answer = self._ask(url, self._sessions.renew(refused).headers)
        self._renewing_helps = answer.status != 401
        return answer

    def _ask(self, url: str, headers: Mapping[str, str]) -> Answer:
        began = time.perf_counter()
        try:
            response = self._client.get(url, headers=dict(headers))
        except (httpx.TransportError, httpx.DecodingError) as error:
            return Answer(url=url, status=None, elapsed_ms=_ms_since(began), error=_reason(error, self.backend))
        return _answer(url, response, _ms_since(began))


@contextlib.contextmanager
def open_api(backend: Backend, api: PromisedApi, session_file: Path) -> Iterator[Api]:
    """Give the API of `backend`; nothing is sent, and nobody logged in, before the first question.

    `session_file` is the same for every process of a run, in a private folder. Proxies and netrc of the environment
    are left out of it: a stranger must stay a stranger.
    """
    seconds = parse_duration(backend.timeout, where="[backend] timeout").total_seconds()
    trust: ssl.SSLContext | bool = ssl.create_default_context() if backend.verify_tls else False
    jar = http.cookiejar.CookieJar(policy=_NO_COOKIES)
    with httpx.Client(timeout=seconds, verify=trust, trust_env=False, cookies=jar) as client:
        yield Api(backend, api, client, Sessions(backend, client, session_file))


def path_of(endpoint: Endpoint, key: str = "") -> str:
    """Return the endpoint's path with `key` in the place of {id}."""
    return endpoint.path.replace("{id}", quote(key, safe=""))


def _answer(url: str, response: httpx.Response, elapsed_ms: float) -> Answer:
    try:
        document, is_json = response.json(), True
    except ValueError:
        document, is_json = None, False
    return Answer(
        url=url,
        status=response.status_code,
        elapsed_ms=elapsed_ms,
        size_bytes=len(response.content),
        json=document,
        is_json=is_json,
        content_type=response.headers.get("content-type", ""),
        headers={name: value for name, value in response.headers.items() if name not in _KEPT_SECRET},
    )


def _reason(error: httpx.TransportError | httpx.DecodingError, backend: Backend) -> str:
    """Return in words why there was no answer."""
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {backend.timeout}"
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError) and "refused" in text.lower():
        return "connection refused"
    return text


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
