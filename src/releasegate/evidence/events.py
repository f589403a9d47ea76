"""One event of the chain: a line of canonical JSON, and the hash that the next line carries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

NOTHING_BEFORE = "0" * 64
"""What the first event carries instead of the hash of a line before it."""

_TYPES = {"seq": int, "time": str, "gate": str, "check": str, "kind": str, "payload": dict, "prev": str}


class Kind(StrEnum):
    """What an event says."""

    PLAN = "plan"
    START = "start"
    MEASURE = "measure"
    VERDICT = "verdict"
    WAIVER = "waiver"
    ATTEST = "attest"
    STEP = "step"
    GAP = "gap"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that was seen, decided or signed.

    `seq` counts from 1 without gaps; `time` is UTC, ISO 8601 with milliseconds and Z; `gate` and `check` are ""
    where the event belongs to none; `prev` is the SHA-256 of the previous line's bytes without its line end.
    """

    seq: int
    time: str
    gate: str
    check: str
    kind: Kind
    payload: dict[str, Any]
    prev: str

    @property
    def line(self) -> bytes:
        """The event's one line without its end: sorted keys, UTF-8, no spaces."""
        data = {key: getattr(self, key) for key in _TYPES}  # not asdict: it copies all of a payload that may be large
        text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8")

    @property
    def digest(self) -> str:
        """SHA-256 of the line, in hex."""
        return sha256(self.line).hexdigest()

    @property
    def moment(self) -> datetime:
        """`time` as a moment in UTC."""
        return datetime.fromisoformat(self.time)


def timestamp(moment: datetime) -> str:
    """Return `moment` as events write it: `2025-11-03T02:10:07.512Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse(line: bytes) -> Event:
    """Return the event in one `line` without its end.

    Raises ValueError, with the reason, for everything that this module would not have written itself: other keys,
    other types, an unknown kind, and the same data in any other spelling.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("is no JSON") from error
    if not isinstance(data, dict) or data.keys() != _TYPES.keys():
        raise ValueError(f"does not hold exactly {', '.join(_TYPES)}")
    for key, kind in _TYPES.items():
        if type(data[key]) is not kind:
            raise ValueError(f"{key} is no {kind.__name__}")
    event = Event(**{**data, "kind": Kind(data["kind"])})
    if event.moment.tzinfo is None:
        raise ValueError("time names no zone")
    if event.line != line:
        raise ValueError("is not spelled as it was written")
    return event
