"""A real proxy, as a company has one in front of everything: it notes what it is asked, and asks it of this machine."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self
from urllib.parse import urlsplit

OF_A_CONNECTION = ("connection:", "proxy-connection:")


class Forwarder:
    """The running proxy. `asked` are the first lines, `authorizations` what they said of who asks.

    It alone knows where hosts are: loja.example on 127.0.0.1, all others on 127.0.0.2.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.authorizations: set[str] = set()

    def __enter__(self) -> Self:
        self._server = ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def was_asked_for(self, host: str) -> bool:
        """Whether a request named that host."""
        return any(host in line for line in self.asked)


def _handler(forwarder: Forwarder) -> type[StreamRequestHandler]:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, ValueError):  # a connection that asks nothing, or one that has gone
                self._handle()

        def _handle(self) -> None:
            first = self.rfile.readline().decode()
            fields = list(iter(lambda: self.rfile.readline().decode().strip(), ""))
            method, url, version = first.split()
            forwarder.asked.append(first.strip())
            said = [field.split(": ", 1)[1] for field in fields if field.lower().startswith("proxy-authorization")]
            forwarder.authorizations.update(said or [""])
            parts = urlsplit(f"//{url}" if method == "CONNECT" else url)
            host = "127.0.0.1" if parts.hostname == "loja.example" else "127.0.0.2"
            with socket.create_connection((host, parts.port or 80)) as there:
                if method == "CONNECT":
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    path = url.split(parts.netloc, 1)[1]
                    own = [field for field in fields if not field.lower().startswith(OF_A_CONNECTION)]
                    head = [f"{method} {path} {version}", *own, "Connection: close", "", ""]
                    there.sendall("\r\n".join(head).encode())
                threading.Thread(target=_pump, args=(self.rfile.read1, there), daemon=True).start()
                while data := there.recv(65536):
                    self.wfile.write(data)

    return Handler


def _pump(read, there) -> None:
    with suppress(OSError, ValueError):  # the other side has gone
        while data := read(65536):
            there.sendall(data)
