"""Pages over https, with a certificate of their own: only there is anything mixed content."""

import subprocess
from typing import Final

from reference_inbox import services
from reference_inbox.errors import ReferenceFailed
from reference_inbox.faults.code import public_file
from reference_inbox.faults.databases import target_file
from reference_inbox.faults.kept import put_files_back, replace_text
from reference_inbox.state import State, write_private

_FAULT: Final = "mixed-content"
_OPENSSL: Final = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1")
_BADGE: Final = '<img src="http://badges.example/paid.png" alt="" width="1" height="1">'


def encrypt_and_mix(state: State) -> None:
    """Serve the pages over https, which the target is told, and have them ask for a picture over http."""
    plain = state.read().frontend_url
    encrypted = plain.replace("http://", "https://")
    write_private(state.certificate, new_certificate())
    replace_text(state, _FAULT, target_file(state), f'url = "{plain}"\n', f'url = "{encrypted}"\nverify_tls = false\n')
    replace_text(state, _FAULT, public_file(state, "index.html"), "</body>", f"  {_BADGE}\n</body>")
    serve_at(state, encrypted)


def serve_plain(state: State) -> None:
    """Serve the pages as they were."""
    put_files_back(state, _FAULT)
    serve_at(state, state.read().frontend_url.replace("https://", "http://"))
    state.certificate.unlink(missing_ok=True)


def serve_at(state: State, url: str) -> None:
    """Start both services anew: the API answers pages of this address alone."""
    state.change(frontend_url=url)
    for service in ("backend", "frontend"):
        services.restart(state, service)


def new_certificate() -> str:
    """Return a key and a certificate that nobody signed but itself, as PEM. Raises ReferenceFailed without openssl."""
    command = [*_OPENSSL, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", "-"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise ReferenceFailed(f"fault {_FAULT} needs openssl: apt-get install openssl") from None
