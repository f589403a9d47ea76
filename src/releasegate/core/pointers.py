"""JSON pointers (RFC 6901): where an answer keeps a thing, when every deployment keeps it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

MISSING: Final = object()
"""What `at` returns where nothing is; None is a value that a document can hold."""
_PLACE: Final = re.compile(r"/\d+(?=/|$)")


def at(document: Any, pointer: str) -> Any:
    """Return what stands in `document` at `pointer`, MISSING where there is nothing; "" is the document itself."""
    place = document
    for part in pointer.split("/")[1:]:
        place = _inside(place, part.replace("~1", "/").replace("~0", "~"))
    return place


def first(document: Any, pointers: Iterable[str]) -> Any:
    """Return what stands at the first of `pointers` that exists and is not null, else MISSING."""
    found = (at(document, pointer) for pointer in pointers)
    return next((value for value in found if value is not MISSING and value is not None), MISSING)


def elements(document: Any, pointers: Iterable[str]) -> int:
    """Return how many elements the longest list holds that one of `pointers` leads into; 1 where none leads into one.

    /0/url leads into the list that is the document, /list/0/src into the one at /list; each names its first element.
    """
    lists = [at(document, pointer) for pointer in map(list_of, pointers) if pointer is not None]
    return max((len(value) for value in lists if isinstance(value, list)), default=1)


def moved(pointer: str, place: int) -> str:
    """Return where another element keeps what `pointer` names of the first: /list/0/src is /list/2/src at place 2."""
    return _PLACE.sub(f"/{place}", pointer, count=1)


def list_of(pointer: str) -> str | None:
    """Return the pointer to the list that `pointer` leads into, None where it leads into none."""
    found = _PLACE.search(pointer)
    return pointer[: found.start()] if found else None


def objects(document: Any, pointers: Iterable[str]) -> list[dict[str, Any]] | None:
    """Return the first list of objects at one of `pointers`, None where no pointer leads to one.

    A list that holds something goes before an empty one: an answer may carry several.
    """
    lists = [value for value in (at(document, pointer) for pointer in pointers) if _is_list_of_objects(value)]
    return next((value for value in lists if value), lists[0] if lists else None)


def _inside(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.get(part, MISSING)
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    return MISSING


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
