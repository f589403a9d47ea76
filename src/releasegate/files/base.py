"""The base of every model that is read from a file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression; it is searched, and upper and lower case are the same."""

Pointer = Annotated[str, Field(pattern=r"^(/.*)?$")]
"""A JSON pointer (RFC 6901): `/0/url`; the empty one is the whole document."""


class Model(BaseModel):
    """Frozen, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Promise(Model):
    """Something that must be true; `source` names the release document and section, e.g. "runbook 3.2"."""

    source: str = Field(min_length=1)
