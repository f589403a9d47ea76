"""The statement signed, and its signature checked, with the key that a person already has for ssh."""

from __future__ import annotations

import subprocess
from pathlib import Path

from releasegate.core import CannotMeasure
from releasegate.evidence.folder import Folder
from releasegate.evidence.looked import Line
from releasegate.evidence.writing import reading, replace_file

NAMESPACE = "releasegate"
_LONGEST_S = 60  # a key on a token waits for a touch


def sign_statement(folder: Folder, key: Path) -> Path:
    """Sign statement.json with the ssh key in the file `key`; return the signature's path.

    A public key's file signs with its private part in the ssh agent. Raises CannotMeasure.
    """
    with reading(folder.statement):
        statement = folder.statement.read_bytes()
    signed = _ssh_keygen(["-Y", "sign", "-f", str(key), "-n", NAMESPACE], statement)
    if signed.returncode:
        raise CannotMeasure(f"{folder.statement}: cannot be signed with {key}: {_last_line(signed.stderr)}")
    replace_file(folder.signature, signed.stdout)
    return folder.signature


def check_signature(folder: Folder, allowed_signers: Path | None) -> Line:
    """Return whether the statement was signed by somebody in `allowed_signers` (see ssh-keygen(1)).

    Without that file, only whether the signature is one of this statement, by whatever key. Whoever gives the file
    expects a signature: that there is none is then wrong.
    """
    if not folder.signature.is_file():
        if allowed_signers is not None:
            return Line(ok=False, text="not signed, and --allowed-signers expects a signature")
        return Line(ok=None, text="not signed: the folder does not show who made it")
    if not folder.statement.is_file():
        return Line(ok=False, text=f"{folder.signature.name}: the statement that was signed is missing")
    try:
        return _signed_by(folder, allowed_signers) if allowed_signers else _signed_by_whom(folder)
    except CannotMeasure as error:
        return Line(ok=None if allowed_signers is None else False, text=f"the signature was not verified: {error}")


def _signed_by_whom(folder: Folder) -> Line:
    with reading(folder.statement):
        statement = folder.statement.read_bytes()
    fits = _ssh_keygen(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(folder.signature)], statement)
    if fits.returncode:
        return Line(ok=False, text="the signature is not one of this statement")
    key = next((word for word in fits.stdout.decode("utf-8", "replace").split() if word.startswith("SHA256:")), "?")
    return Line(ok=None, text=f"signed with the key {key}; not verified whose: give --allowed-signers FILE")


def _signed_by(folder: Folder, allowed_signers: Path) -> Line:
    with reading(folder.statement):
        statement = folder.statement.read_bytes()
    given = ["-s", str(folder.signature), "-f", str(allowed_signers)]
    found = _ssh_keygen(["-Y", "find-principals", *given], statement)
    signer = found.stdout.decode("utf-8", "replace").partition("\n")[0].strip()
    if found.returncode or not signer:
        return Line(ok=False, text=f"the statement is signed by nobody in {allowed_signers}")
    verified = _ssh_keygen(["-Y", "verify", "-I", signer, "-n", NAMESPACE, *given], statement)
    if verified.returncode:
        return Line(ok=False, text="the signature is not one of this statement")
    return Line(ok=True, text=f"the statement is signed by {signer}")


def _ssh_keygen(arguments: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *arguments],  # noqa: S607 - the operator's own, wherever it is installed
            input=given,
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotMeasure(f"ssh-keygen cannot be run: {error}") from error


def _last_line(output: bytes) -> str:
    return (output.decode("utf-8", "replace").strip().splitlines() or ["no reason given"])[-1]
