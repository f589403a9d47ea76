"""The proxy of our own: what is for a listed host reaches the proxy behind it, and nothing else does."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from releasegate.core import CannotMeasure
from releasegate.probes.browser.fence import Fence
from releasegate.probes.browser.gatekeeper import Gatekeeper, Head
from releasegate.probes.browser.interception import Rules
from releasegate.probes.browser.upstream import Proxies, Upstream

LISTED = Rules(frozenset({"loja.example", "2001:db8::7"}))
OF_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Behind:
    """A proxy that answers everything in the same words, and keeps what came on each of its connections."""

    def __init__(self):
        self.came = []

    def __enter__(self):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self):
        with suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=(self._server.accept()[0],), daemon=True).start()

    def _answer(self, connection):
        place = len(self.came)
        self.came.append(b"")
        with connection, suppress(OSError):
            while data := connection.recv(65536):  # it stays open, whatever the request says of that
                self.came[place] += data
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")

    @property
    def asked(self):
        """What came, without the connections that said nothing."""
        return [one.decode() for one in self.came if one]


@pytest.fixture
def behind():
    with Behind() as running:
        yield running


@pytest.fixture
def ask(behind):
    """Return what sends bytes to a gatekeeper, one after the other, and returns the last answer."""
    upstream = Upstream("127.0.0.1", behind.port, "YW5hOmNvdXJv")
    with Gatekeeper(LISTED.is_listed, upstream, upstream) as gate:

        def send(*requests):
            with socket.create_connection(("127.0.0.1", int(gate.url.rsplit(":", 1)[1])), 10) as one:
                answer = b""
                for request in requests:
                    with suppress(ConnectionError):
                        one.sendall(request)
                        answer = one.recv(65536)
                return answer

        yield send


@pytest.fixture
def environment(monkeypatch):
    """Return what sets this machine's proxies, and nothing else of them."""
    for name in OF_PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return lambda **given: [monkeypatch.setenv(name, value) for name, value in given.items()]


def test_a_request_for_a_listed_host_is_handed_on_with_its_body(ask, behind):
    """The fields of the connection are ours, and who asks the proxy is what its address says."""
    head = "POST http://loja.example/entrar HTTP/1.1\r\nHost: loja.example\r\nContent-Length: 5\r\n"
    answer = ask(f"{head}Proxy-Connection: keep-alive\r\n\r\nsenha".encode())
    own = "Proxy-Authorization: Basic YW5hOmNvdXJv\r\nConnection: close\r\n\r\nsenha"
    for _ in range(200):  # the answer may come before the body is there
        if behind.asked == [head + own]:
            break
        time.sleep(0.05)
    assert (answer[-2:], behind.asked) == (b"hi", [head + own])


def test_a_connection_to_a_listed_host_is_a_pipe(ask, behind):
    """What comes after the answer to CONNECT is handed on as it is, in both directions."""
    answer = ask(b"CONNECT loja.example:443 HTTP/1.1\r\nHost: loja.example:443\r\n\r\n", b"\x16\x03", b"\0\xff")
    head = "CONNECT loja.example:443 HTTP/1.1\r\nHost: loja.example:443\r\nProxy-Authorization: Basic YW5hOmNvdXJv"
    assert (answer[-2:], behind.came[-1]) == (b"hi", f"{head}\r\n\r\n".encode() + b"\x16\x03\0\xff")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET http://outra.example/ HTTP/1.1\r\nHost: loja.example\r\n\r\n",
        b"GET http://loja.example@outra.example/ HTTP/1.1\r\n\r\n",
        b"GET http://loja.example.outra.example/ HTTP/1.1\r\n\r\n",
        b"CONNECT outra.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT [2001:db8::8]:443 HTTP/1.1\r\n\r\n",
        b"CONNECT [2001:db8::7:443 HTTP/1.1\r\n\r\n",
        b"CONNECT localhost:443 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: loja.example\r\n\r\n",
        b"POST http://loja.example/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST http://loja.example/ HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"GET http://loja.example/" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_for_a_listed_host_is_closed_unanswered(ask, behind, request_):
    """Nothing of it reaches the proxy behind: not a byte, whatever else it says."""
    assert (ask(request_), behind.asked) == (b"", [])


def test_an_address_of_ipv6_is_a_host_like_any_other(ask, behind):
    """In brackets, in both kinds of request."""
    for asked in ("CONNECT [2001:db8::7]:443", "GET http://[2001:db8::7]/"):
        assert ask(f"{asked} HTTP/1.1\r\n\r\n".encode())[-2:] == b"hi"
        assert behind.asked[-1].startswith(asked)


def test_a_connection_for_pages_is_good_for_one_request(ask, behind):
    """The proxy behind keeps it open; what else is asked on it, for whatever host, is not handed on."""
    first = b"GET http://loja.example/ HTTP/1.1\r\n\r\n"
    for second in (b"GET http://outra.example/ HTTP/1.1\r\n\r\n", first):
        ask(first, second)
    assert [text.count("GET") for text in behind.asked] == [1, 1]
    ask(first + b"GET http://outra.example/ HTTP/1.1\r\n\r\n", b"")
    assert not any("outra" in text for text in behind.asked)


def test_nothing_is_left_of_it(behind):
    """With a connection under way on both sides: its thread has ended, and its sockets are closed."""
    with Fence(f"http://127.0.0.1:{behind.port}") as fence:
        server = fence.around(LISTED)["server"]
        assert fence.around(LISTED) == {"server": server, "bypass": "<-loopback>"}
        one = socket.create_connection(("127.0.0.1", int(server.rsplit(":", 1)[1])), 10)
        one.sendall(b"CONNECT loja.example:443 HTTP/1.1\r\n\r\n")
        assert one.recv(65536)
    with one, suppress(ConnectionError):
        assert one.recv(65536) == b""
    assert [thread for thread in threading.enumerate() if thread.name == "gatekeeper"] == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(server.rsplit(":", 1)[1])), 10)


def test_a_proxy_that_is_not_there_is_said():
    """The browser would know of our own alone."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        said = f"the browser's proxy {address} cannot be reached: .*refused"
        with Fence(f"http://{address}") as fence, pytest.raises(CannotMeasure, match=said):
            fence.around(LISTED)


@pytest.mark.parametrize("proxy", ["https://proxy.example:3129", None])
def test_behind_a_proxy_of_another_kind_there_is_no_fence(environment, proxy):
    """One that is itself asked over TLS, or by SOCKS: the browser asks it as before."""
    environment(https_proxy="socks5://127.0.0.1:1080")
    with Fence(proxy) as fence:
        assert fence.around(LISTED) is None


@pytest.mark.parametrize(
    ("url", "upstream"),
    [
        ("http://proxy.example:3128", Upstream("proxy.example", 3128)),
        ("proxy.example:3128/", Upstream("proxy.example", 3128)),
        ("http://[::1]", Upstream("::1", 80)),
        ("http://ana:co%75ro@proxy.example:3128", Upstream("proxy.example", 3128, "YW5hOmNvdXJv")),
        ("https://proxy.example", None),
        ("socks5://127.0.0.1:1080", None),
        ("http://proxy.example:many", None),
        ("", None),
    ],
)
def test_the_address_of_a_proxy(url, upstream):
    """Of plain HTTP alone, with the name and the password that stand in it."""
    assert Upstream.of(url) == upstream


@pytest.mark.parametrize(
    ("given", "host", "directly"),
    [
        ({"https_proxy": "http://p:1", "http_proxy": "http://p:1"}, "loja.example", []),
        ({"https_proxy": "http://p:1"}, "loja.example", ["http://loja.example"]),
        ({"HTTP_PROXY": "http://p:1"}, "2001:db8::7", ["https://[2001:db8::7]"]),
        ({"all_proxy": "http://p:1", "no_proxy": "other.example, "}, "loja.example", []),
        ({"all_proxy": "http://p:1", "no_proxy": ".Example"}, "loja.example", ["loja.example"]),
        ({"all_proxy": "http://p:1", "no_proxy": "*.example"}, "loja.example", ["loja.example"]),
        ({"all_proxy": "http://p:1", "no_proxy": "*"}, "loja.example", ["loja.example"]),
        ({"all_proxy": "http://p:1", "no_proxy": "loja.example:8080"}, "loja.example", ["loja.example:8080"]),
        ({"all_proxy": "http://p:1", "no_proxy": "192.0.2.0/24"}, "192.0.2.9", ["192.0.2.9"]),
        ({"all_proxy": "http://p:1", "no_proxy": "192.0.2.0/24"}, "198.51.100.9", []),
        ({"all_proxy": "http://p:1", "no_proxy": "[2001:db8::7]:8080"}, "2001:db8::7", ["[2001:db8::7]:8080"]),
        ({"all_proxy": "http://p:1"}, "127.0.0.2", ["127.0.0.2"]),
        ({"all_proxy": "http://p:1"}, "loja.localhost", ["loja.localhost"]),
        ({}, "loja.example", ["loja.example"]),
    ],
)
def test_what_is_asked_directly_beside_the_proxies_of_this_machine(environment, given, host, directly):
    """As Chromium reads `no_proxy`; with a proxy for one scheme alone, the other one."""
    environment(**given)
    assert Proxies.of(None).passed_by(host) == directly
    assert Proxies.of("http://proxy.example").passed_by(host) == []


def test_a_head_says_what_is_asked():
    """A tunnel by host and port, a page by its address."""
    tunnel, page = (Head.of(f"{line} HTTP/1.1\r\n\r\n".encode()) for line in ("CONNECT x:443", "GET http://x/"))
    assert (tunnel.is_tunnel, tunnel.url, page.is_tunnel, page.url) == (True, "//x:443", False, "http://x/")
