"""An API whose latencies are known, to see whether what the gates measure is true.

`python selftests/bench/truth.py BEHAVIOUR` listens on a free loopback port, prints its address and serves until
its standard input closes, so that it never outlives the test that started it. It behaves from GET /begin on; before,
and for everything but the messages, it answers at once. GET /truth tells how long it really took for each, in ms.
Behaviours, times in ms:

    constant 495          every answer takes 495
    bimodal 20 900 0.08   one answer in 1/0.08, evenly spread, takes 900, the others 20
    log-normal 100 0.5    half of the answers take 100 or less, their logarithm spreads by 0.5 (seeded)
    freeze 20 4000 1500   like constant 20, but from 4 000 after the first request nothing is answered for 1 500
    fast-503 20 0.3       three answers in ten are a 503 at once
    reset 20 0.3          three connections in ten are cut without an answer
    wrong-body 20         every answer is a web page that says 200
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import sys

FREE = {
    "/conversations": [{"id": str(number)} for number in range(30)],
    **{path: {"status": "ok"} for path in ("/health", "/begin", "/truth")},
}
MESSAGES = [{"id": str(number), "content": "oi"} for number in range(20)]


class Truth:
    """One behaviour, by name and numbers."""

    def __init__(self, name: str, *numbers: float) -> None:
        self.name = name
        self.numbers = numbers
        self.asked = 0
        self.began: float | None = None
        self.took_ms: list[float] = []
        self.dice = random.Random(20_251_103)  # noqa: S311 - latencies, not secrets

    def _is_hit(self, share: float) -> bool:
        """Whether this request is one of the `share` that is hit, evenly spread: Bresenham's line, no dice."""
        return int(self.asked * share) > int((self.asked - 1) * share)

    async def answer(self, path: str) -> tuple[int, bytes] | None:
        """Return status and body after the known time; None means: cut the connection."""
        if path == "/begin":
            self.began, self.asked, self.took_ms = asyncio.get_running_loop().time(), 0, []
        if path in FREE or self.began is None:  # the way to the messages is free of charge
            return 200, json.dumps(self.took_ms if path == "/truth" else FREE.get(path, MESSAGES)).encode()
        now = asyncio.get_running_loop().time()
        if not self.asked:
            self.began = now
        self.asked += 1
        answer = await self._behave(now)
        self.took_ms.append((asyncio.get_running_loop().time() - now) * 1000)
        return answer

    async def _behave(self, now: float) -> tuple[int, bytes] | None:
        usual, *rest = self.numbers
        match self.name:
            case "bimodal":
                usual = rest[0] if self._is_hit(rest[1]) else usual
            case "log-normal":
                usual *= math.exp(self.dice.gauss(0, rest[0]))
            case "freeze":
                since = (now - (self.began or now)) * 1000
                usual += max(0, rest[0] + rest[1] - since) if since >= rest[0] else 0
            case "fast-503" if self._is_hit(rest[0]):
                return 503, b"[]"
            case "reset" if self._is_hit(rest[0]):
                return None
            case "wrong-body":
                return 200, b"<html>sorry</html>"
        await asyncio.sleep(usual / 1000)
        return 200, json.dumps(MESSAGES).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request after request on one connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).decode()
                answer = await self.answer(asked.split(" ", 2)[1].partition("?")[0])
                if answer is None:
                    writer.transport.abort()
                    return
                status, body = answer
                head = f"HTTP/1.1 {status} Truth\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
                writer.write(head.encode() + b"\r\n\r\n" + body)
                await writer.drain()


async def main(name: str, *numbers: str) -> None:
    """Serve one behaviour until standard input ends."""
    truth = Truth(name, *map(float, numbers))
    server = await asyncio.start_server(truth.serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
