"""By which forms of its address a file of the data is recognised in a page, and in what a page asks for."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from releasegate.core.facts.inbox import Medium

_SHORTEST_NAME = 6


def needles(url: str) -> list[str]:
    """Return the forms by which `url` is recognised in a page: whole, decoded, its path, its file's name.

    A resizing proxy carries the whole address encoded; a signed one changes only the query.
    """
    path = urlsplit(url).path
    name = path.rstrip("/").rsplit("/", 1)[-1]
    forms = {url, unquote(url), quote(url, safe=""), quote(url, safe="/:?&=%")}
    forms |= {path, unquote(path)} if len(path) >= _SHORTEST_NAME else set()
    forms |= {name, unquote(name)} if len(name) >= _SHORTEST_NAME else set()
    return sorted(form for form in forms if form)


def forms_of(medium: Medium) -> list[str]:
    """Return the forms of every address of `medium`: its own, and those by which the API hands it out."""
    return sorted({form for url in (medium.url, *medium.others) for form in needles(url)})


def is_for(url: str, address: str) -> bool:
    """Whether `address`, as it was asked for, is that of the file `url`; /media/12 is not that of /media/1."""
    forms = "|".join(re.escape(form) for form in needles(url))
    return re.search(f"(?:{forms})(?![0-9A-Za-z])", address) is not None
