"""The server behind the page: its own tiny API, its own data, pictures drawn here; real HTTP on a free port."""

from __future__ import annotations

import json
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from faults import FAULTS, OF_THE_SERVER

HERE = Path(__file__).parent
CLIP = Path(__file__).parents[3] / "src/reference_inbox/seeding/clips/forno.mp4"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
USER, PASSWORD = "ana", "couro cru 9"
PICTURES = {"sela azul.png": (640, 400), "bolsa-ção.png": (400, 640), "cinto.png": (500, 500), "bota.png": (720, 300)}


def png(width: int, height: int, shade: int) -> bytes:
    """Return a picture of one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + bytes((shade, 90, 160)) * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class Oficina:
    """The running page. `writes` are the requests that changed something: a gate must cause none but the login."""

    faults: Iterable[str] = ()
    certificate: Path | None = None  # with its key in the same file; then it is https
    moved_to: str = ""  # where the first page sends one
    elsewhere: dict[str, str] = field(default_factory=dict)  # what its addresses begin with -> where they send one
    host: str = "127.0.0.1"
    writes: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    logins: int = 0

    def __enter__(self) -> Self:
        files = {path.name: path.read_text(encoding="utf-8") for path in HERE.iterdir() if path.suffix in TYPES}
        for name in set(self.faults) - OF_THE_SERVER:
            file, there, instead = FAULTS[name]
            assert there in files[file], f"{name}: {file} has changed"
            files[file] = files[file].replace(there, instead)
        self._server = ThreadingHTTPServer((self.host, 0), _handler(self, files))
        self._server.daemon_threads = True
        if self.certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.certificate)
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{self.host}:{self._server.server_port}/loja/"

    def picture(self, name: str) -> str:
        """Return a picture's address as the data has it."""
        return f"{self.url}arquivo/{quote(name)}"

    @property
    def film(self) -> str:
        """The film's address."""
        return f"{self.url}arquivo/forno.mp4"

    def messages(self, number: str) -> list[dict[str, object]]:
        """Return the messages of a conversation as the API answers them."""
        return [
            {
                "codigo": f"{number}-{place:03d}",
                "de": ({"p-77": "Joana", "p-78": "Bento"}[number], "Oficina Couro")[place % 2],
                "texto": "",
                "arquivos": [],
                "citada": None,
                **message,
            }
            for place, message in enumerate(self._messages()[number])
        ]

    def _messages(self) -> dict[str, list[dict[str, object]]]:
        def photo(name: str) -> dict[str, str]:
            return {"tipo": "foto", "onde": self.picture(name)}

        film = {"tipo": "filme", "onde": self.film, "capa": self.picture("bota.png")}
        chat = [{"texto": f"Pergunta número {n} sobre o pedido"} for n in range(12)]
        return {
            "p-77": [
                {"texto": "Bom dia! Tem essa sela?", "arquivos": [photo("sela azul.png")]},
                *chat,
                {"arquivos": [photo("bolsa-ção.png")]},
                {"texto": "Assim que se usa", "arquivos": [film]},
                {
                    "texto": "Temos sim, fica pronta na sexta",
                    "citada": {"nome": "Joana", "texto": "Bom dia! Tem essa sela?"},
                },
                {"texto": "Escolha uma destas", "arquivos": [photo("cinto.png"), photo("sela azul.png")]},
                {
                    "texto": "Fiquei sem resposta",
                    "citada": {"nome": "Joana", "texto": "segredo apagado", "apagada": True},
                },
            ],
            "p-78": [{"texto": "Só uma perguntinha"}, {"texto": "Pode falar", "arquivos": [photo("cinto.png")]}],
        }


def _handler(oficina: Oficina, files: dict[str, str]) -> type[BaseHTTPRequestHandler]:  # noqa: C901  small methods of one class
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            place = parts.path.removeprefix("/loja/")
            oficina.asked.append(self.path)
            if oficina.moved_to and not place:
                self.send(302, "text/plain", b"", location=oficina.moved_to)
            elif moved := next((to for piece, to in oficina.elsewhere.items() if place.startswith(piece)), ""):
                self.send(302, "text/plain", b"", location=moved + self.path.removeprefix("/loja/"))
            elif place == "servico/fio":
                self.begin()
            elif place.startswith("servico/"):
                self.answer(*self.service(place.removeprefix("servico/")))
            elif place == "mini":
                self.file(parse_qs(parts.query)["de"][0].rsplit("/", 1)[-1])
            elif place.startswith("arquivo/"):
                self.file(place.removeprefix("arquivo/"))
            elif (name := place or "index.html") in files:
                self.send(200, TYPES[Path(name).suffix], files[name].encode())
            else:
                self.send(404, "text/plain", b"")

        def begin(self) -> None:
            """Begin an answer, and never end it."""
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b": still here\n\n")
                    time.sleep(0.2)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
            knows = (body.get("quem"), body.get("segredo")) == (USER, PASSWORD) or "any-password" in oficina.faults
            oficina.logins += self.path == "/loja/servico/entrar"
            if self.path == "/loja/servico/entrar" and knows:
                self.answer(
                    200, {"loja": "loja-segredo-123456789"}, cookie="sessao=bolacha-987654321; Path=/; HttpOnly"
                )
            elif self.path == "/loja/servico/entrar" and "polite-refusal" in oficina.faults:
                time.sleep(0.5)
                self.answer(200, {})
            elif self.path == "/loja/servico/entrar":
                self.answer(403, {})
            else:
                oficina.writes.append(f"POST {self.path}")
                self.answer(404, {})

        def service(self, place: str) -> tuple[int, object]:
            if (
                "bolacha-987654321" not in self.headers.get("cookie", "")
                or self.headers.get("x-loja") != "loja-segredo-123456789"
            ):
                return 401, {}
            people = [("p-77", "Joana Prado", "Fiquei sem resposta"), ("p-78", "Bento Sá", "Pode falar")]
            if place == "fila":
                entries = [{"numero": key, "cliente": {"nome": name}, "ultima": last} for key, name, last in people]
                return 200, {"dados": {"itens": entries, "seguinte": None}}
            messages = oficina.messages(place.split("/")[1])
            shown = messages[-4:] if "short-pages" in oficina.faults else messages
            return 200, {"dados": {"itens": shown, "seguinte": None}}

        def file(self, name: str) -> None:
            name = unquote(name)
            if name == CLIP.name:
                self.send(200, "video/mp4", CLIP.read_bytes())
            elif name in PICTURES:
                self.send(200, "image/png", png(*PICTURES[name], shade=sorted(PICTURES).index(name) * 60))
            else:
                self.send(404, "text/plain", b"")

        def answer(self, status: int, document: object, cookie: str = "") -> None:
            self.send(status, "application/json", json.dumps(document).encode(), cookie)

        def send(self, status: int, kind: str, body: bytes, cookie: str = "", location: str = "") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if cookie:
                self.send_header("set-cookie", cookie)
            if location:
                self.send_header("location", location)
            self.end_headers()
            with suppress(ConnectionError):  # the browser has seen enough of the film
                self.wfile.write(body)

    return Handler
