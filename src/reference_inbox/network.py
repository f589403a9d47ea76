"""Free loopback ports, and asking a server of ours for a page."""

import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any


def free_ports(count: int) -> list[int]:
    """Return COUNT different ports of the loopback address that nothing listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def status(url: str, timeout_s: float = 2.0) -> int | str:
    """Return the HTTP status of a GET, or in words why there was no answer."""
    try:
        with direct().open(url, timeout=timeout_s) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except (OSError, urllib.error.URLError) as problem:
        return str(problem)


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float = 10.0) -> Any:
    """POST a JSON body and return the JSON answer. Raises OSError when it is not a 2xx."""
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json", **headers})  # noqa: S310 - a loopback address of ours
    with direct().open(request, timeout=timeout_s) as answer:
        return json.loads(answer.read() or b"null")


def direct() -> urllib.request.OpenerDirector:
    """Return an opener that asks no proxy and takes any certificate: everything here is on this machine, and ours."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
