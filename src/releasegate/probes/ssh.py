"""How an ssh connection is set up, and what its troubles mean in words."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, TimeoutExpired, run
from typing import Any
from urllib.parse import urlsplit

from releasegate.core import CannotMeasure, UsageError
from releasegate.target.models import Host

CONNECT_TIMEOUT_S = 10
_OPTIONS = "-o BatchMode=yes -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
_CONTROL_NAME = "c"
_LONGEST_SOCKET = 90  # a UNIX socket's path holds 104 to 108 bytes, and ssh adds 17 while it sets one up

# What OpenSSH's client prints, in its own words, and what that means to the operator; the first that fits counts.
_TROUBLES = {
    "HOST IDENTIFICATION HAS CHANGED": "its host key is not the one in known_hosts; ask why before you connect",
    "Host key verification failed": "its host key is not in known_hosts; connect once by hand and compare it",
    "UNPROTECTED PRIVATE KEY|bad permissions": "others may read the private key, so ssh refuses it; chmod 600",
    "Identity file .* not accessible": "the private key named as [host] ssh_identity cannot be read",
    "Can't open user config file": "the file named as [host] ssh_config cannot be read",
    "Too many authentication failures": "it gave up after too many keys; name one as [host] ssh_identity",
    "Permission denied": "it accepts neither this user nor this key",
    "Could not resolve hostname": "there is no such host name",
    "Connection refused": "nothing listens on that port",
    "timed out|Timeout, server": f"it does not answer within {CONNECT_TIMEOUT_S} s",
    "No route to host|Network is unreachable": "the network has no way to it from here",
    "kex_exchange|Connection (closed|reset) by": "it hung up before the login; is that port an ssh server?",
}


def trouble(host: Host, stderr: str) -> CannotMeasure:
    """Return what went wrong with the connection to `host`, one sentence per cause, with ssh's own last line."""
    said = [line.strip("@ \r") for line in stderr.splitlines() if line.strip("@ \r")]
    meanings = (words for pattern, words in _TROUBLES.items() if re.search(pattern, stderr))
    meaning = next(meanings, "the connection failed")
    quote = f" (ssh said: {said[-1]})" if said else ""
    return CannotMeasure(f"{host.address}: {meaning}{quote}", run=by_hand(host, ["true"]))


def by_hand(host: Host, argv: Sequence[str]) -> str:
    """Return the line that a person types to run `argv` on `host`."""
    return shlex.join(argv if host.address == "local" else argv_for(host, argv))


def argv(host: Host, argv: Sequence[str]) -> list[str]:
    """Return what runs `argv` on `host` by a connection of its own, which never asks for anything."""
    ssh, *rest = argv_for(host, argv)
    return [ssh, *_OPTIONS.split(), "-o", f"ConnectTimeout={CONNECT_TIMEOUT_S}", *rest]


def argv_for(host: Host, argv: Sequence[str]) -> list[str]:
    """Return the words of an ssh command that runs `argv` on `host`."""
    url = urlsplit(host.address)
    config = ["-F", host.ssh_config] if host.ssh_config else []
    identity = ["-i", host.ssh_identity] if host.ssh_identity else []
    port = ["-p", str(url.port)] if url.port else []
    who = f"{url.username}@{url.hostname}" if url.username else str(url.hostname)
    return ["ssh", *config, *identity, *port, who, shlex.join(argv)]


def refuse_unsafe(address: str) -> None:
    """Raise UsageError for a password in the address (every user of the machine would see it) and for no host."""
    try:
        url = urlsplit(address)
        has_password, name, _port = url.password is not None, url.hostname or "", url.port
    except ValueError as error:
        raise UsageError(f"host.address: {address!r}: {error}; accepted: ssh://user@host:port") from error
    if has_password:
        shown = address.replace(f":{url.password}@", ":…@")
        raise UsageError(f"host.address: {shown!r} holds a password; accepted: a key, named as host.ssh_identity")
    if not name or name.startswith("-") or (url.username or "").startswith("-"):
        raise UsageError(f"host.address: {address!r} names no host; accepted: ssh://user@host:port")


@contextmanager
def connection(host: Host) -> Iterator[dict[str, Any]]:
    """Give what testinfra's ssh backend needs for `host`: one connection, shared by all commands, closed at the end.

    Raises UsageError for an address that is unsafe to use, CannotMeasure when there is no ssh client.
    """
    refuse_unsafe(host.address)
    if shutil.which("ssh") is None:
        raise CannotMeasure(f"{host.address}: there is no ssh client on this machine; install openssh-client")
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        socket = Path(folder) / _CONTROL_NAME
        yield {
            "ssh_config": _readable(host.ssh_config),
            "ssh_identity_file": _readable(host.ssh_identity),
            "timeout": CONNECT_TIMEOUT_S,
            "ssh_extra_args": _OPTIONS,
            "controlpath": str(socket),
            "controlpersist": 60 if _fits(socket) else 0,
        }
        _hang_up(socket)


def _readable(path: str | None) -> str | None:
    return str(Path(path).expanduser()) if path else None


def _fits(socket: Path) -> bool:
    """Whether ssh takes this as a control path, unquoted: short enough, and without a special character."""
    return len(str(socket)) <= _LONGEST_SOCKET and re.fullmatch(r"[\w./-]+", str(socket)) is not None


def _hang_up(socket: Path) -> None:
    if socket.exists():
        # in time or not: the shared connection also ends by itself after its idle seconds
        with suppress(TimeoutExpired):
            argv = ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "any"]
            run(argv, stdout=DEVNULL, stderr=DEVNULL, timeout=5, check=False)
