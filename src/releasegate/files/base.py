"""The base of every model that is read from a file, and the kinds of text that its keys hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from releasegate.core import UsageError
from releasegate.core.durations import parse_duration


def matching(pattern: str, accepted: str) -> AfterValidator:
    """Return a validator for texts that match `pattern` wholly; `accepted` says in words what that is."""
    whole = re.compile(pattern)

    def check(text: str) -> str:
        if not whole.fullmatch(text):
            raise ValueError(accepted)
        return text

    return AfterValidator(check)


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"a regular expression (this one is none: {error})") from error
    return pattern


def _is_duration(text: str) -> str:
    try:
        parse_duration(text, where="")
    except UsageError:
        raise ValueError("a length of time of at least 1s: 30s, 5m, 2h, 7d, 1h30m") from None
    return text


@dataclass(frozen=True, slots=True)
class Place:
    """Marks a text as a path. `on_host`: on the machine that the target's [host] names, else on the operator's."""

    on_host: bool


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression; it is searched, and upper and lower case are the same."""

Pointer = Annotated[str, matching(r"(/.*)?", 'a JSON pointer: "" for the whole, /field, /list/0/field')]
"""A JSON pointer (RFC 6901): `/0/url`; the empty one is the whole document."""

Length = Annotated[str, AfterValidator(_is_duration)]
"""A length of time as people write it: `30s`, `2h`, `1h30m`."""

Url = Annotated[str, matching(r"https?://[^/\s]+\S*", "an address that begins with http:// or https://")]
"""Where a server answers, with a prefix of its paths where it has one."""

UrlPath = Annotated[str, matching(r"/\S*", "a path that begins with /")]
"""The part of an address that a promise speaks of."""

LocalPath = Annotated[str, Place(on_host=False)]
"""A file on the operator's machine; relative to the folder of the file that names it."""

HostPath = Annotated[str, Place(on_host=True)]
"""A file on the machine that [host] names; a leading `~/` is the home of the user who is logged in there."""


class Model(BaseModel):
    """Frozen, and closed to unknown keys; the loader is strict about types too ("8080" is no number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Promise(Model):
    """Something that must be true; `source` names the release document and section, e.g. "runbook 3.2"."""

    source: str = Field(min_length=1)
