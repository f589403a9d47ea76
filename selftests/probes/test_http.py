"""The API probe against a real HTTP server: who it logs in as, how it pages, what it never does."""

from __future__ import annotations

import base64
import json
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from releasegate.change.models import Api as PromisedApi
from releasegate.change.models import Endpoint, ListEndpoint
from releasegate.core import CannotMeasure
from releasegate.core.redaction import redactor
from releasegate.probes.http import Api, open_api
from releasegate.target.models import Backend, Login


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the server is to say."""

    document: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None


Route = Callable[[Request], Reply]


class Server:
    """A real HTTP server whose routes a test gives; it remembers every request."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.requests: list[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
                outer.requests.append(request)
                reply = outer.routes.get(parts.path, lambda _: Reply(status=404))(request)
                payload = (reply.text if reply.text is not None else json.dumps(reply.document)).encode()
                self.send_response(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_POST = do_GET  # noqa: N815 - the name http.server calls

            def log_message(self, *args: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop answering: the next connection is refused."""
        self._server.shutdown()
        self._server.server_close()

    def asked(self, path: str) -> list[Request]:
        """Return the requests to `path`, oldest first."""
        return [request for request in self.requests if request.path == path]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def session_file(tmp_path: Path) -> Path:
    return tmp_path / "session.json"


LOGIN = Login(kind="form", path="/login", email="ana@example.org", password=SecretStr("correct horse"))
CONVERSATIONS = ListEndpoint(path="/conversations", source="runbook 2.5")
PROMISED = PromisedApi(
    conversations=CONVERSATIONS, messages=ListEndpoint(path="/conversations/{id}/messages", source="runbook 6.5")
)


def backend(server: Server, login: Login = LOGIN, **also: Any) -> Backend:
    return Backend(url=server.url, login=login, **also)


def token_login(token: str) -> Route:
    return lambda _: Reply({"access_token": token})


def after(seconds: float, reply: Reply) -> Route:
    def answer(_: Request) -> Reply:
        time.sleep(seconds)
        return reply

    return answer


def only_with(header: str, value: Callable[[], str], document: Any) -> Route:
    def answer(request: Request) -> Reply:
        return Reply(document) if request.headers.get(header) == value() else Reply({"error": "no"}, 401)

    return answer


def test_login_happens_once_for_many_questions(server, session_file):
    """Ten questions, one login, and every question carries the token."""
    server.routes = {
        "/login": token_login("tok-0001-abcdef"),
        "/x": only_with("authorization", lambda: "Bearer tok-0001-abcdef", {"ok": True}),
    }
    with open_api(backend(server), PROMISED, session_file) as api:
        assert [api.get("/x").value.status for _ in range(10)] == [200] * 10
    assert len(server.asked("/login")) == 1
    assert json.loads(server.asked("/login")[0].body) == {"email": "ana@example.org", "password": "correct horse"}


def test_a_second_process_uses_the_first_ones_session(server, session_file):
    """The session is shared through the file, which nobody else may read."""
    server.routes = {"/login": token_login("tok-0002-abcdef"), "/x": lambda _: Reply({})}
    for _ in range(2):
        with open_api(backend(server), PROMISED, session_file) as api:
            api.get("/x")
    assert len(server.asked("/login")) == 1
    assert stat.S_IMODE(session_file.stat().st_mode) == 0o600


def test_workers_that_begin_together_log_in_once(server, session_file):
    """Logins may be rationed: the others wait for the first one's session."""
    slowly = after(0.2, Reply({"token": "tok-0003-abcdef"}))
    server.routes = {"/login": slowly, "/x": lambda _: Reply()}

    def work() -> None:
        with open_api(backend(server), PROMISED, session_file) as api:
            api.get("/x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(server.asked("/login")) == 1
    assert len(server.asked("/x")) == 4


def test_a_session_that_the_api_forgot_is_renewed_once(server, session_file):
    """A 401 brings one new login and the question again."""
    tokens = iter(["tok-old-00000", "tok-new-00000"])
    server.routes = {
        "/login": lambda _: Reply({"token": next(tokens)}),
        "/x": only_with("authorization", lambda: "Bearer tok-new-00000", {}),
    }
    with open_api(backend(server), PROMISED, session_file) as api:
        assert api.get("/x").value.status == 200
    assert len(server.asked("/login")) == 2


def test_an_endpoint_that_always_refuses_does_not_spend_logins(server, session_file):
    """After one renewal in vain, a 401 is the answer."""
    server.routes = {"/login": token_login("tok-0004-abcdef"), "/x": lambda _: Reply({}, 401)}
    with open_api(backend(server), PROMISED, session_file) as api:
        assert [api.get("/x").value.status for _ in range(5)] == [401] * 5
    assert len(server.asked("/login")) == 2


def test_an_expired_session_is_not_used(server, session_file):
    """What a JWT says of its own end is believed."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() - 5}).encode()).decode().rstrip("=")
    server.routes = {"/login": token_login(f"eyJhbGciOiJub25l.{claims}.sig"), "/x": lambda _: Reply()}
    for _ in range(2):
        with open_api(backend(server), PROMISED, session_file) as api:
            api.get("/x")
    assert len(server.asked("/login")) == 2


def test_a_login_by_cookie_sends_the_cookie_back(server, session_file):
    """A session can be a cookie and no token at all."""
    server.routes = {
        "/login": lambda _: Reply({"user": 1}, headers={"set-cookie": "sid=cookie-0001; Path=/; HttpOnly"}),
        "/x": only_with("cookie", lambda: "sid=cookie-0001", {}),
    }
    with open_api(backend(server), PROMISED, session_file) as api:
        assert api.get("/x").value.status == 200
        assert api.get("/x", with_token=False).value.status == 401, "a stranger carries no cookie"


def test_a_token_in_the_answers_header_is_found(server, session_file):
    """Some logins answer the token as a header."""
    server.routes = {
        "/login": lambda _: Reply({}, headers={"authorization": "Bearer tok-0005-abcdef"}),
        "/x": only_with("authorization", lambda: "Bearer tok-0005-abcdef", {}),
    }
    with open_api(backend(server), PROMISED, session_file) as api:
        assert api.get("/x").value.status == 200


@pytest.mark.parametrize(
    ("login", "header", "value"),
    [
        (Login(kind="token", token=SecretStr("fixed-token")), "authorization", "Bearer fixed-token"),
        (Login(kind="header", header="X-Api-Key", token=SecretStr("fixed-key")), "x-api-key", "fixed-key"),
    ],
)
def test_a_given_token_needs_no_login(server, session_file, login, header, value):
    """Kinds token and header send what the target file gives."""
    server.routes = {"/x": only_with(header, lambda: value, {})}
    with open_api(backend(server, login), PROMISED, session_file) as api:
        assert api.get("/x").value.status == 200
    assert not session_file.exists()


def test_refused_credentials_are_no_verdict_about_the_deployment(server, session_file):
    """A login that answers 4xx raises CannotMeasure with the address and where to look."""
    server.routes = {"/login": lambda _: Reply({}, 403)}
    with open_api(backend(server), PROMISED, session_file) as api, pytest.raises(CannotMeasure) as refused:
        api.get("/x")
    assert str(refused.value) == (
        f"POST {server.url}/login refused the login with 403; "
        "look at path, encoding, field names and secret in the target's [backend.login]"
    )


def test_refused_credentials_are_tried_once(server, session_file):
    """Whoever was refused does not try again in the same run: logins are rationed, accounts get locked."""
    server.routes = {"/login": lambda _: Reply({}, 403)}
    with open_api(backend(server), PROMISED, session_file) as api:
        for _ in range(3):
            with pytest.raises(CannotMeasure, match="refused the login with 403"):
                api.get("/x")
    assert len(server.asked("/login")) == 1


def test_a_login_that_breaks_is_an_answer(server, session_file):
    """A login that answers 500 is the deployment's fault."""
    server.routes = {"/login": lambda _: Reply({}, 500)}
    with open_api(backend(server), PROMISED, session_file) as api:
        assert str(api.get("/x").value) == "500: the login answered 500"


def test_a_backend_that_is_not_there_is_an_answer(server, session_file):
    """A refused connection has no status and says why."""
    server.close()
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        answer = api.get("/x").value
    assert (answer.status, answer.error) == (None, "connection refused")


def test_a_backend_that_is_silent_is_an_answer(server, session_file):
    """A time-out says after how long."""
    server.routes = {"/x": after(1.5, Reply())}
    with open_api(backend(server, Login(kind="none"), timeout="1s"), PROMISED, session_file) as api:
        assert str(api.get("/x").value) == "no answer: no answer within 1s"


def test_redirects_are_answers(server, session_file):
    """Nobody is sent to another place unseen."""
    server.routes = {"/x": lambda _: Reply(status=302, headers={"location": "http://127.0.0.1:1/"})}
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        assert api.get("/x").value.status == 302


def test_another_host_is_never_asked(server, session_file):
    """An address that leads elsewhere is refused before anything is sent."""
    with open_api(backend(server), PROMISED, session_file) as api, pytest.raises(CannotMeasure, match="not the target"):
        api.get("http://127.0.0.1:1/x")
    assert server.requests == []


def test_no_secret_leaves_in_the_measurement(server, session_file):
    """The token stands in the command as $TOKEN; what the API answered stays out of the evidence."""
    server.routes = {"/login": token_login("tok-0006-abcdef"), "/x": lambda _: Reply({"content": "oi, tudo bem?"})}
    with open_api(backend(server), PROMISED, session_file) as api:
        sent = api.get("/x", {"page": "a b"})
    assert sent.query == f"""curl -sS -i -H "Authorization: Bearer $TOKEN" '{server.url}/x?page=a+b'"""
    assert "tok-0006" not in repr(sent.shown)
    assert "tudo bem" not in repr(sent.shown)
    assert redactor.text("the log says tok-0006-abcdef") == "the log says [redacted]"


def rows(total: int, most: int = 1000) -> Route:
    """Return a route that pages through `total` rows by limit, offset, page and cursor; never more than `most`."""

    def answer(request: Request) -> Reply:
        size = min(int(request.query.get("limit", 20)), most)
        begin = int(request.query.get("offset") or request.query.get("cursor") or 0)
        begin = begin or (int(request.query.get("page", 1)) - 1) * size
        items = [{"id": number} for number in range(begin, min(begin + size, total))]
        return Reply({"data": items, "next": str(begin + size) if begin + size < total else None})

    return answer


@pytest.mark.parametrize(
    "paging",
    [
        {"page_size": "limit", "page_length": 30, "offset": "offset"},
        {"page_size": "limit", "page_length": 30, "page": "page"},
        {"page_size": "limit", "page_length": 30, "cursor": "cursor"},
        {"offset": "offset"},
    ],
    ids="+".join,
)
def test_every_way_of_turning_pages_reads_the_whole_list(server, session_file, paging):
    """75 rows come back once each, whatever the API calls its parameters."""
    server.routes = {"/rows": rows(75)}
    endpoint = ListEndpoint(path="/rows", source="runbook 2.5", **paging)
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        listing = api.pages(endpoint, limit=1000).value
    assert listing.ids == tuple(str(number) for number in range(75))
    assert listing.is_whole


def test_a_page_shorter_than_asked_does_not_end_the_list(server, session_file):
    """An API may cap the page at fewer rows than it was asked for."""
    server.routes = {"/rows": rows(75, most=10)}
    endpoint = ListEndpoint(path="/rows", source="x", page_size="limit", offset="offset")
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        assert len(api.pages(endpoint, limit=1000).value.ids) == 75


def test_reading_stops_at_the_limit(server, session_file):
    """Nobody reads a million conversations to choose five."""
    server.routes = {"/conversations": rows(1_000_000)}
    endpoint = CONVERSATIONS.model_copy(update={"page_size": "limit", "offset": "offset"})
    promised = PROMISED.model_copy(update={"conversations": endpoint})
    with open_api(backend(server, Login(kind="none")), promised, session_file) as api:
        listing = api.conversations(60).value
    assert (len(listing.ids), listing.pages, listing.is_whole) == (100, 2, False)


def test_an_api_that_ignores_its_paging_is_read_once_more_and_no_further(server, session_file):
    """The same page again holds nothing new, so it ends the list."""
    server.routes = {"/rows": lambda _: Reply([{"id": 1}, {"id": 2}])}
    endpoint = ListEndpoint(path="/rows", source="x", offset="offset")
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        listing = api.pages(endpoint, limit=1000).value
    assert (listing.ids, listing.pages) == (("1", "2"), 2)


def test_the_address_of_the_next_page_is_followed_on_our_host_only(server, session_file):
    """An API behind a proxy names itself by an inner host: path and query count, the host does not."""
    pages = {"": ([{"id": "a"}], "http://inner:9999/rows?at=2"), "2": ([{"id": "b"}], None)}

    def answer(request: Request) -> Reply:
        items, following = pages[request.query.get("at", "")]
        return Reply({"items": items, "next": following})

    server.routes = {"/rows": answer}
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        assert api.pages(ListEndpoint(path="/rows", source="x"), limit=9).value.ids == ("a", "b")


def test_the_targets_parameters_are_sent_with_every_question(server, session_file):
    """A list endpoint can demand an account id that only this deployment has."""
    server.routes = {"/conversations/a%2Fb/messages": lambda r: Reply([r.query | {"id": "1"}])}
    with open_api(backend(server, Login(kind="none"), query={"account": "7"}), PROMISED, session_file) as api:
        assert api.messages("a/b").value.items == ({"account": "7", "id": "1"},)


@pytest.mark.parametrize(
    ("reply", "status", "is_list"),
    [
        (Reply({"error": "x"}, 500), 500, False),
        (Reply({"error": "x"}), 200, False),
        (Reply(text="<html>"), 200, False),
        (Reply([]), 200, True),
    ],
)
def test_what_is_no_list_is_told_from_an_empty_one(server, session_file, reply, status, is_list):
    """An error page, an object without a list and an empty list are three different things."""
    server.routes = {"/conversations": lambda _: reply}
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        listing = api.conversations(5).value
    assert (listing.answer.status, listing.is_list, listing.ids) == (status, is_list, ())


def test_asking_for_what_the_change_does_not_name_is_said(server, session_file):
    """Without [api.conversations] there is no way to ask."""
    with open_api(backend(server), PromisedApi(), session_file) as api, pytest.raises(CannotMeasure) as missing:
        api.conversations(1)
    assert str(missing.value) == (
        "the change file names no [api.conversations], so there is no way to ask for conversations"
    )


def test_a_promised_endpoint_is_asked_with_its_own_query(server, session_file):
    """`ask` sends what the change file says."""
    server.routes = {"/health": lambda r: Reply(r.query)}
    with open_api(backend(server, Login(kind="none")), PROMISED, session_file) as api:
        assert isinstance(api, Api)
        answer = api.ask(Endpoint(path="/health", query={"deep": "1"}, source="x"), with_token=False).value
    assert answer.json == {"deep": "1"}
