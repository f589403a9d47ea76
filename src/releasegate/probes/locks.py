"""What the locks of npm, pnpm and yarn say, and what each of them noted of its last installation; only texts are read.

Each compares `lock` with `noted` and returns how many packages it compared, and those that differ as
(place or name, want, have); None for a text that it cannot read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Differ = tuple[tuple[str, str, str], ...]
Compare = Callable[[str, str], "tuple[int, Differ] | None"]

# Not installed everywhere: for development, for another platform, or where another package wants it to be there.
_NOT_EVERYWHERE = ("dev", "optional", "devOptional", "peer", "link", "extraneous")
_PNPM = re.compile(r"^  ['\"]?/?(@?[^@'\"\s]+)@([^:'\"(]+)", re.MULTILINE)
_TARBALL = re.compile(r"-(\d[^/#]*)\.tgz")
_BERRY_LOCK = re.compile(r'^  resolution: "((?:@[^/"]+/)?[^@"]+)@(?:npm:)?([^"]+)"', re.MULTILINE)
_BERRY_NOTE = re.compile(r'^"((?:@[^/"]+/)?[^@"]+)@(?:npm:)?([^"]+)":', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One manager's lock: its file, what the manager noted, how to compare them, and what installs as locked."""

    file: str
    note: str
    compare: Compare
    install: str


def npm(lock: str, noted: str) -> tuple[int, Differ] | None:
    """Npm 7 and later notes in the form of the lock itself."""
    locked, there = _npm_packages(lock), _npm_packages(noted)
    needed = {place: entry for place, entry in locked.items() if place and not any(map(entry.get, _NOT_EVERYWHERE))}
    if not needed:
        return None
    versions = {place: (_version(entry), _version(there.get(place, {}))) for place, entry in sorted(needed.items())}
    return len(needed), tuple(
        (place.removeprefix("node_modules/"), want, have) for place, (want, have) in versions.items() if want != have
    )


def _version(entry: Mapping[str, Any]) -> str:
    return str(entry.get("version", ""))


def _npm_packages(text: str) -> dict[str, dict[str, Any]]:
    """Return the packages of a lock by the place they are installed in; none of a lock before npm 7."""
    packages = _object(text).get("packages")
    if not isinstance(packages, dict) or not all(isinstance(entry, dict) for entry in packages.values()):
        return {}
    return packages


def pnpm(lock: str, noted: str) -> tuple[int, Differ] | None:
    """Pnpm notes the part of the lock that it installed: without development, say, or other platforms."""
    return _part_of(_pnpm_packages(lock), _pnpm_packages(noted))


def _pnpm_packages(text: str) -> set[tuple[str, str]]:
    _, _, rest = text.partition("\npackages:\n")
    section = re.split(r"^\S", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return {(name, version.strip()) for name, version in _PNPM.findall(section)}


def yarn(lock: str, noted: str) -> tuple[int, Differ] | None:
    """Yarn 1 notes every entry of the lock, whatever it left out."""
    entries = _object(noted).get("lockfileEntries")
    locked = _yarn_entries(lock)
    if not isinstance(entries, dict) or not locked:
        return None
    differ = ((pattern, want, entries.get(pattern)) for pattern, want in sorted(locked.items()))
    return len(locked), tuple(
        (pattern.rpartition("@")[0], _of_tarball(want), _of_tarball(have or "") if have is not None else "")
        for pattern, want, have in differ
        if have is None or (have or "") != want
    )


def _yarn_entries(text: str) -> dict[str, str]:
    """Return what each wanted range of the lock was resolved to; "" for what has no address (a folder)."""
    found: dict[str, str] = {}
    for block in re.split(r"\n\n+", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines and lines[0].endswith(":") and not lines[0].startswith((" ", "__metadata")):
            resolved = next((line.split('"')[1] for line in lines if line.startswith('  resolved "')), "")
            found |= {pattern.strip(' "'): resolved for pattern in lines[0][:-1].split(",")}
    return found


def _of_tarball(address: str) -> str:
    match = _TARBALL.search(address)
    return match[1] if match else address[:40]


def berry(lock: str, noted: str) -> tuple[int, Differ] | None:
    """Yarn 2 and later notes what it put into node_modules; with Plug'n'Play there is no such note."""
    return _part_of(set(_BERRY_LOCK.findall(lock)), set(_BERRY_NOTE.findall(noted)))


def _part_of(locked: set[tuple[str, str]], there: set[tuple[str, str]]) -> tuple[int, Differ] | None:
    """Compare an installation that may be a part of the lock: what is there and not locked differs."""
    there = {(name, version) for name, version in there if not version.startswith("workspace:")}
    if not locked or not there:
        return None
    wanted = {name: version for name, version in sorted(locked)}  # noqa: C416  of several versions the last is shown
    return len(there), tuple((name, wanted.get(name, "none"), have) for name, have in sorted(there - locked))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


LOCKS = (
    Lock(file="package-lock.json", note="node_modules/.package-lock.json", compare=npm, install="npm ci"),
    Lock(
        file="pnpm-lock.yaml",
        note="node_modules/.pnpm/lock.yaml",
        compare=pnpm,
        install="pnpm install --frozen-lockfile",
    ),
    Lock(file="yarn.lock", note="node_modules/.yarn-integrity", compare=yarn, install="yarn install --frozen-lockfile"),
    Lock(file="yarn.lock", note="node_modules/.yarn-state.yml", compare=berry, install="yarn install --immutable"),
)
