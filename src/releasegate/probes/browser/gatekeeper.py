"""A proxy of our own in front of the one that a browser needs: it hands on what is for listed hosts, and no more.

What is not for a listed host is closed unanswered: an answer of ours would be taken for the host's. Plain HTTP comes on
a connection for each request, for one that stays open may go on with a request for any host.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from releasegate.probes.browser.upstream import Upstream

_LONGEST_HEAD: Final = 256 * 1024  # bytes, as Chromium's own limit of an answer's head
_AT_ONCE: Final = 64 * 1024  # bytes
_OF_THE_CONNECTION: Final = frozenset({"connection", "proxy-connection", "keep-alive", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request to a proxy: `first` is its first line, `fields` are those that are handed on."""

    first: str
    method: str
    url: str
    fields: tuple[str, ...]
    body_size: int

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Read a head. Raises ValueError for what is none, and for a body whose end it does not say."""
        first, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, asked, _ = first.split(" ")
        pairs = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        said = dict(pairs)
        if "transfer-encoding" in said:
            raise ValueError("a body in pieces")
        kept = tuple(line for line, (name, _) in zip(lines, pairs, strict=True) if name not in _OF_THE_CONNECTION)
        url = f"//{asked}" if method == "CONNECT" else asked
        return cls(first, method, url, kept, int(said.get("content-length", 0)))

    @property
    def is_tunnel(self) -> bool:
        """Whether it asks for a connection to a host and not for a page."""
        return self.method == "CONNECT"

    def for_upstream(self, credentials: str) -> bytes:
        """Return the head that the proxy behind is given."""
        own = [f"Proxy-Authorization: Basic {credentials}"] if credentials else []
        own += [] if self.is_tunnel else ["Connection: close"]
        return "\r\n".join([self.first, *self.fields, *own, "", ""]).encode("latin-1")


class Gatekeeper:
    """The proxy of windows whose hosts `is_listed` tells by an address, in a thread of its own until it is left.

    `plain` is asked for pages over http, `tunnels` for connections (https, WebSockets); None is asked for nothing.
    """

    def __init__(self, is_listed: Callable[[str], bool], plain: Upstream | None, tunnels: Upstream | None) -> None:
        self._is_listed = is_listed
        self._plain, self._tunnels = plain, tunnels
        self._is_over: Future[None] = Future()

    def __enter__(self) -> Self:
        for one in {one for one in (self._plain, self._tunnels) if one}:
            one.must_answer()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="gatekeeper", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set_result(None)
        self._thread.join()

    async def _run(self) -> None:
        """Serve until it is over; `asyncio.run` cancels what is still under way."""
        server = await asyncio.start_server(self._serve, sock=self._listening, limit=_LONGEST_HEAD)
        await asyncio.wrap_future(self._is_over)
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            head = Head.of(await reader.readuntil(b"\r\n\r\n"))
            upstream = self._tunnels if head.is_tunnel else self._plain
            if upstream is not None and self._is_listed(head.url):
                await _hand_on(head, upstream, reader, writer)


async def _hand_on(head: Head, upstream: Upstream, asking: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
    there, asked = await asyncio.open_connection(upstream.host, upstream.port)
    async with _closing(asked):
        asked.write(head.for_upstream(upstream.credentials))
        sent = _relay(asking, asked) if head.is_tunnel else _send_body(asking, asked, head.body_size)
        await _until_one_ends(sent, _relay(there, answer))


async def _relay(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_AT_ONCE):
        sink.write(data)
        await sink.drain()


async def _send_body(source: asyncio.StreamReader, sink: asyncio.StreamWriter, size: int) -> None:
    """Hand on a body of `size` bytes; what comes after it is another request, which has to come anew."""
    while size > 0 and (data := await source.read(min(size, _AT_ONCE))):
        sink.write(data)
        await sink.drain()
        size -= len(data)
    await source.read(1)


async def _until_one_ends(*ways: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection once all is sent, whatever was wrong with what came; at once where this is cancelled."""
    try:
        with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            yield
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    finally:
        writer.transport.abort()
