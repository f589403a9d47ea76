"""A dump that is SQL text: what its comments list, whether it is whole, and its statements as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from releasegate.core import CannotMeasure
from releasegate.core.facts.backup import Compression, DumpListing, as_listed
from releasegate.probes.host import Machine, Ran

LONGEST_READ_S: Final = 3600  # 1 h, as for an archive
UNPACK: Final[dict[Compression, tuple[str, ...]]] = {"": ("cat",), "gzip": ("gzip", "-dc"), "zstd": ("zstd", "-dcq")}

_HEAD_BYTES: Final = 400
_TAIL_BYTES: Final = 400  # newer versions write one more line after the end
_BEGINS: Final = "-- PostgreSQL database dump"
_ENDS: Final = "PostgreSQL database dump complete"
_MAGIC: Final[dict[str, Compression]] = {"1f8b": "gzip", "28b52ffd": "zstd"}
# Every entry stands under a comment of its own, whatever its statement looks like.
_ENTRY = re.compile(r"^-- (?:Data for )?Name: (.+); Type: (.+?); Schema: (.+?); Owner: .*$", re.MULTILINE)
_VERSION = re.compile(r"^-- Dumped (from database|by pg_dump) version (\S+)", re.MULTILINE)
_LISTED: Final = "^-- (Data for )?Name: |^-- Dumped "
_COPY = re.compile(rb"^COPY .* FROM stdin;\s*$", re.IGNORECASE)
# A dump made with -C names its own database, which is not the one to restore into.
_ELSEWHERE = re.compile(rb"^(\\connect |(CREATE|DROP|ALTER) DATABASE )")


def text_kind(machine: Machine, path: str) -> Compression | None:
    """Return how the text at `path` is packed, None where it is no text dump.

    Raises CannotMeasure where the machine lacks the program that unpacks it.
    """
    file = machine.stat(path)
    if file is None or file.is_folder:
        return None
    magic = machine.run(["sh", "-c", 'head -c 4 -- "$1" | od -An -tx1', "sh", path]).stdout
    signs = (kind for sign, kind in _MAGIC.items() if "".join(magic.split()).startswith(sign))
    packed: Compression = next(signs, "")
    head = machine.run(["sh", "-c", f'{_shell(packed)} -- "$1" 2>&1 | head -c {_HEAD_BYTES}', "sh", path]).stdout
    if packed and "not found" in head:
        raise CannotMeasure(f"{machine.address}: {path} is packed by {packed}, which is not installed there")
    return packed if _BEGINS in head else None


def listing(machine: Machine, path: str, packed: Compression) -> DumpListing:
    """Return what a plain dump holds; it names neither its database nor when it began."""
    script = f'{_shell(packed)} -- "$1" | grep -a -E "{_LISTED}"'
    ran = machine.run(["sh", "-c", script, "sh", path], longest_s=LONGEST_READ_S)
    found = _ENTRY.findall(ran.stdout)
    kinds = {line for line in ran.stdout.splitlines() if line.startswith("-- Data for ")}
    items = [as_listed(f"{kind} {schema} {name}") for name, kind, schema in found]
    versions = dict(_VERSION.findall(ran.stdout))
    return DumpListing(
        path=path,
        format="plain",
        entries=len(items),
        items=frozenset(items),
        compression=packed,
        server_version=versions.get("from database", ""),
        tool_version=versions.get("by pg_dump", ""),
        trouble="" if kinds or found else "it lists nothing: pg_dump's comments are not in it",
        command=ran.command,
    )


def read_through(machine: Machine, path: str, packed: Compression) -> tuple[Ran, str]:
    """Read the text to its end; return the look, and what is wrong with it, "" for nothing."""
    script = f'{_shell(packed)} -- "$1" | tail -c {_TAIL_BYTES}'
    ran = machine.run(["sh", "-c", script, "sh", path], longest_s=LONGEST_READ_S)
    if packed and ran.stderr.strip():
        return ran, ran.stderr.strip().splitlines()[-1]
    return ran, "" if _ENDS in ran.stdout else f"does not end with {_ENDS!r}"


def statements(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a text dump without those that lead to another database; rows are passed as they are."""
    in_rows = False
    for line in lines:
        if in_rows:
            in_rows = line.rstrip(b"\r\n") != b"\\."
        elif _ELSEWHERE.match(line):
            continue
        else:
            in_rows = _COPY.match(line) is not None
        yield line


def _shell(packed: Compression) -> str:
    return " ".join(UNPACK[packed])
